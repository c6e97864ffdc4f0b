"""Trees in the outputs of cells live as long as those outputs, and no longer."""

from __future__ import annotations

from typing import Any

import pytest
from real_kernels import Cell, Kernel

SETUP = """
import gc, torch
%load_ext irene_jupyter
model, x = torch.nn.Linear(4, 4), torch.ones(2, 4)
from ipywidgets.widgets import widget as _widgets

def alive():
    gc.collect()
    found = [type(each).__name__ for each in gc.get_objects() if isinstance(each, _widgets.Widget)]
    assert len(found) == len(_widgets._instances), "closed, and still in memory"
    return sorted(found)
"""
TREE = ["EnergyTree", "Layout"]
SHOWN = "%%energy --view widget --budget 0\nmodel(x)"


@pytest.fixture
def fresh(kernel_factory: Any) -> Kernel:
    kernel: Kernel = kernel_factory()
    assert kernel.run(SETUP).ok
    return kernel


def run(kernel: Kernel, code: str, cell_id: str, deleted: tuple[str, ...] = ()) -> Cell:
    """As JupyterLab runs a cell."""
    cell = kernel.run(code, metadata={"cellId": cell_id, "deletedCells": list(deleted)})
    assert cell.ok, cell.traceback
    return cell


def closed(cell: Cell) -> int:
    return sum(kind == "comm_close" for kind, _ in cell.messages)


def test_a_cell_that_runs_again_ends_the_tree_it_showed_and_no_other(fresh: Kernel) -> None:
    for number in range(3):
        run(fresh, SHOWN, f"cell-{number}")
    assert fresh.value("alive()") == sorted(3 * TREE)
    for _ in range(5):
        again = run(fresh, SHOWN, "cell-1")
        assert closed(again) == 2  # the tree and its layout
        assert fresh.value("alive()") == sorted(3 * TREE)
    run(fresh, "1", "cell-1")  # shows no tree any more
    assert fresh.value("alive()") == sorted(2 * TREE)


def test_reports_that_a_cell_displays_by_itself_end_with_it_too(fresh: Kernel) -> None:
    run(fresh, "import irene_jupyter as irene\nreport = irene.predict(model)", "made")
    run(fresh, "display(report); display(report)\nreport", "shown")
    assert fresh.value("alive()").count("EnergyTree") == 3
    run(fresh, "report", "shown")
    assert fresh.value("alive()") == TREE


def test_the_trees_of_deleted_cells_end(fresh: Kernel) -> None:
    run(fresh, SHOWN, "first")
    run(fresh, SHOWN, "second")
    run(fresh, "1", "third", deleted=("first", "never-ran"))
    assert fresh.value("alive()") == TREE


def test_a_tree_in_the_users_hands_lives_on(fresh: Kernel) -> None:
    code = "import irene_jupyter as irene\ntree = irene.EnergyTree(irene.predict(model))\ntree"
    run(fresh, code, "mine")
    run(fresh, "tree.selected = ''; tree", "mine")
    assert fresh.value("alive()") == TREE
    assert fresh.value("tree.comm is not None")


def test_without_ids_of_cells_all_trees_live_on(fresh: Kernel) -> None:
    for _ in range(2):
        assert fresh.run(SHOWN, metadata={}).ok
    assert fresh.value("alive()").count("EnergyTree") == 2


@pytest.mark.parametrize("last", ["report", "tree", "irene.explore(model)"])
def test_nothing_is_live_where_nobody_draws_widgets(fresh: Kernel, last: str) -> None:
    """As nbclient and consoles ask for it: an output with a widget would be blank offline."""
    made = "import irene_jupyter as irene\nreport = irene.predict(model)\n"
    made += "tree = irene.EnergyTree(report)" if last == "tree" else ""
    assert fresh.run(made).ok
    for cell in (fresh.run(SHOWN), fresh.run(last)):
        assert cell.ok, cell.traceback
        (shown,) = cell.displays or [item["data"] for item in cell.of("execute_result")]
        assert set(shown) == {"application/vnd.irene.energy+json", "text/html", "text/plain"}
    live = "explore" in last or last == "tree"  # what the user holds in hand
    assert ("EnergyTree" in fresh.value("alive()")) == live
    (shown,) = (item["data"] for item in run(fresh, last, "page").of("execute_result"))
    assert "application/vnd.jupyter.widget-view+json" in shown


def test_unloading_takes_the_callback_away(fresh: Kernel) -> None:
    callbacks = "get_ipython().events.callbacks['pre_run_cell']"
    count = f"sum('irene' in type(getattr(c, '__self__', None)).__module__ for c in {callbacks})"
    assert fresh.value(count) == 1
    assert fresh.run("%unload_ext irene_jupyter").ok
    assert fresh.value(count) == 0


def test_a_large_live_tree_holds_the_brief_json_of_its_output(fresh: Kernel) -> None:
    build = "large = torch.nn.Sequential(*(torch.nn.Linear(4, 4) for _ in range(200)))"
    run(fresh, build, "built")
    cell = run(fresh, "%%energy --view widget --budget 0\nlarge(x)", "shown")
    (bundle,) = cell.displays
    fresh.run(
        "(tree,) = [w for w in _widgets._instances.values() if type(w).__name__ == 'EnergyTree']"
    )
    assert fresh.value("type(tree.data['root']).__name__") == "str"
    shown = bundle["application/vnd.irene.energy+json"]
    assert fresh.value("tree.data['root']") == shown["root"]
    assert fresh.value("tree.report.total_joules") == shown["total_joules"]
    assert fresh.value("tree.report.observer['stages']['display']") > 0
