"""200 measured cells in one kernel leave nothing behind."""

from __future__ import annotations

import sys

import pytest

CELL = "%%energy --view none --interval 0.02\ny = model(x); y.sum().backward(); optimiser.step()"
WATCH = """
import gc, os, threading, tracemalloc
optimiser = torch.optim.SGD(model.parameters(), lr=1e-3)

def files():
    # Without those of IPython's history, which come and go.
    count = 0
    for each in os.listdir("/proc/self/fd"):
        try:
            count += "profile_default" not in os.readlink(f"/proc/self/fd/{each}")
        except OSError:  # the listing's own
            pass
    return count

def left():
    gc.collect()
    from torch.nn.modules import module as nn_module
    from torch.optim import optimizer as optim_module
    return {
        "threads": sorted(t.name for t in threading.enumerate() if t.name.startswith("irene")),
        "count": threading.active_count(),
        "files": files(),
        "module hooks": bool(nn_module._has_any_global_hook()),
        "step hooks": len(optim_module._global_optimizer_pre_hooks)
        + len(optim_module._global_optimizer_post_hooks),
        "patched": [
            nn.Module.__call__.__module__,
            torch.autograd.backward.__module__,
            torch.compile.__module__,
        ],
    }
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts files in /proc")
def test_200_cells_leave_no_thread_hook_file_or_memory(kernel) -> None:
    assert kernel.run(WATCH).ok
    before = kernel.value("left()")
    for _ in range(20):  # caches of torch and of ours fill
        assert kernel.run(CELL, silent=False, store_history=False).ok
    kernel.run("tracemalloc.start(); left(); first = tracemalloc.get_traced_memory()[0]")
    for _ in range(180):
        cell = kernel.run(CELL, store_history=False)
        assert cell.ok, cell.traceback
        assert cell.stream("stderr") == ""
    kernel.run("after = left(); grown = tracemalloc.get_traced_memory()[0] - first")
    assert kernel.value("after") == before
    assert before["threads"] == []
    # One report is some 10 kB: 180 of them kept would be 2 MB.
    assert kernel.value("grown") < 400_000
    assert kernel.value("[part.kind for part in _energy.parts]") == ["model", "rest"]


def test_the_interval_is_an_option_and_is_checked(kernel) -> None:
    cell = kernel.run("%%energy --view none --interval 0.05\nmodel(x)")
    assert cell.ok
    assert kernel.value("_energy.resources['interval_seconds']") == 0.05
    assert kernel.value("len(_energy.resources['timeline']['seconds'])") >= 2
    refused = kernel.run("%%energy --interval 0.001\nran = True")
    assert not refused.ok
    assert "0.02" in refused.stream("stderr") + refused.traceback
    assert kernel.value("'ran' in globals()") is False


def test_the_budget_of_the_replay_is_an_option_and_is_checked(kernel) -> None:
    counted = "sum(n.features.replayed_seconds is not None for n in _energy.walk())"
    assert kernel.run("%%energy --view none\nmodel(x)").ok
    assert kernel.value(counted) > 0
    assert kernel.run("%%energy --view none --budget 0\nmodel(x)").ok
    assert kernel.value(counted) == 0
    refused = kernel.run("%%energy --budget -1\nran = True")
    assert not refused.ok
    assert "no replay" in refused.stream("stderr") + refused.traceback


def test_display_is_in_the_kept_report_and_in_the_displayed_one(kernel) -> None:
    cell = kernel.run("%%energy --view report\nmodel(x)")
    (bundle,) = cell.displays
    shown = bundle["application/vnd.irene.energy+json"]["observer"]["stages"]["display"]
    assert shown > 0
    assert kernel.value("_energy.observer['stages']['display']") >= shown
    assert "Watching added" in bundle["text/plain"]
    assert "Watching added" in bundle["text/html"]
