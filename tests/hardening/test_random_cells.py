"""Random cells give the same with and without `%%energy`: outputs, names, exceptions."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grammar import PROLOGUE, Grammar, cell
from IPython.core.interactiveshell import InteractiveShell
from real_kernels import Kernel, kernels
from shells import ADDRESS, Outcome, prologue, run
from traitlets.config import Config

from irene_jupyter.notebook.magics import load, unload
from irene_jupyter.report.report import MIME_TYPE
from irene_jupyter.report.words import EMPTY

CELLS = 500
BATCHES = 20
LINE = "%%energy --view none --budget 0"
# Where Python says that a cell is wrong: `%%energy` itself is a line.
WHERE = re.compile(r"\(.*line \d+\)|line \d+")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InteractiveShell]:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(
        config=config, ipython_dir=str(tmp_path_factory.mktemp("ipython"))
    )
    load(shell)
    yield shell
    unload(shell)
    InteractiveShell.clear_instance()


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    return prologue(PROLOGUE)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_cell_gives_the_same(shell: InteractiveShell, names: dict[str, Any], batch: int) -> None:
    for seed in range(batch, CELLS, BATCHES):
        code = cell(seed)
        plain = run(shell, names, code, first_line=1)
        measured = run(shell, names, f"{LINE}\n{code}", first_line=2)
        assert measured == expected(plain, code), f"seed {seed}:\n{code}"


def expected(plain: Outcome, code: str) -> Outcome:
    """What the plain cell gave, but for one rule of Python's own.

    No coroutine can raise StopIteration, and with `%%energy` a cell that awaits anything is one.
    """
    if plain.error is None or plain.error[0] != "StopIteration" or not is_coroutine(code):
        return plain
    cause = plain.error
    error = ("RuntimeError", "coroutine raised StopIteration", (), (), cause, cause, ())
    return replace(plain, error=error)


def is_coroutine(code: str) -> bool:
    """Whether a cell that compiles awaits anything at its top level."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    compiled = compile(code, "cell", "exec", flags)
    return bool(compiled.co_flags & inspect.CO_COROUTINE)


def test_the_grammar_says_all_that_it_can() -> None:
    """Every rule is used, and cells end in every way: displayed, silent, raised, refused."""
    used: set[str] = set()
    refused = 0
    for seed in range(CELLS):
        grammar = Grammar(seed)
        code = grammar.cell()
        used |= grammar.used
        try:
            ast.parse(code)
        except SyntaxError:
            refused += 1
    rules = {name for name, value in vars(Grammar).items() if callable(value)}
    helpers = {"__init__", "name", "one_of", "expression", "scalar", "statement", "block"}
    assert used == rules - helpers - {"error", "broken", "magic", "cell"}
    assert 30 < refused < 150


@pytest.mark.parametrize("mode", ["all", "last", "last_expr_or_assign", "none"])
def test_in_every_mode_of_display(
    shell: InteractiveShell, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(shell, "ast_node_interactivity", mode)
    for seed in range(CELLS, CELLS + 12):
        code = cell(seed)
        plain = run(shell, names, code, first_line=1)
        measured = run(shell, names, f"{LINE}\n{code}", first_line=2)
        assert measured == expected(plain, code), f"seed {seed}:\n{code}"


@pytest.mark.parametrize(
    "code",
    [
        "print(1)\na = 2\nglobal a\nprint(a)",
        "print(1)\nfrom __future__ import annotations\nprint(2)",
        "print(1)\nreturn 5",
        "\n".join("    " * level + f"for n{level} in [0]:" for level in range(20))
        + "\n" + "    " * 20 + "print(1)",
    ],
    ids=["late global", "late future", "return", "20 blocks"],
)  # fmt: skip
def test_what_python_takes_only_by_statements_runs_unmeasured(
    shell: InteractiveShell, names: dict[str, Any], capsys: pytest.CaptureFixture[str], code: str
) -> None:
    plain = run(shell, names, code, first_line=1)
    assert run(shell, names, f"{LINE}\n{code}", first_line=2) == plain
    shell.run_cell(f"{LINE}\n{code}")
    assert "%%energy: not measured: Python does not take" in capsys.readouterr().err


# --- real kernels ---------------------------------------------------------------------------------

SAMPLE = 40
TOLD = """
def _told():
    import re
    names = {n: v for n, v in globals().items() if not n.startswith('_') and n not in _before}
    return {n: re.sub('0x[0-9a-f]+|Thread-[^>]*', '', repr(v))[:200] for n, v in names.items()}
def _left():
    from torch.nn.modules import module
    names = [t.name for t in threading.enumerate() if t.name.startswith('irene')]
    return names, bool(module._has_any_global_hook())
_before = set(globals())
"""
MODEL = "model = nn.Sequential(nn.Linear(16, 16), nn.GELU())\nwith torch.no_grad(): model(x16)"


def visible(kernel: Kernel, head: str, seed: int) -> tuple[Any, ...]:
    """What the front end of one kernel shows of a cell, without our own displays and lines."""
    done = kernel.run(f"{head}{cell(seed)}")
    told = [
        (each["ename"], WHERE.sub("", each["evalue"]))
        for each in done.of("error")
        # IPython's own: a cell that awaits, and that Python does not take as a whole, leaves a
        # coroutine to the garbage collector, which comes by in some later cell.
        if each["ename"] != "GeneratorExit"
    ]
    assert "irene_jupyter" not in done.traceback
    displays = [each["text/plain"] for each in done.displays if MIME_TYPE not in each]
    return (
        done.reply["status"],
        ADDRESS.sub("0x", done.stream("stdout").partition(EMPTY)[0]),
        ADDRESS.sub("0x", done.result or ""),
        displays,
        told,
    )


def test_three_kernels_at_once_agree(tmp_path: Path) -> None:
    """One runs plain cells, two the same under `%%energy`; their names pile up over the cells."""
    device = "--device gtx1080ti"  # by the work: what is estimated here follows the times
    heads = ["", f"{LINE} {device}\n", f"%%energy {device} --interval 0.02 --budget 0.1\n"]
    shown: list[list[tuple[Any, ...]]] = [[], [], []]
    ends: list[Any] = [None, None, None]
    with kernels(tmp_path) as start:
        started = [start() for _ in heads]

        def drive(index: int) -> None:
            kernel = started[index]
            assert kernel.run("%load_ext irene_jupyter").ok
            assert kernel.run(PROLOGUE + TOLD).ok
            for seed in range(CELLS, CELLS + SAMPLE):
                shown[index].append(visible(kernel, heads[index], seed))
            assert kernel.run(f"x16 = torch.ones(2, 16)\n{MODEL}" if not index else
                              f"{heads[index]}x16 = torch.ones(2, 16)\n{MODEL}").ok  # fmt: skip
            ends[index] = kernel.value("_told()"), kernel.value("_left()")

        with ThreadPoolExecutor(len(heads)) as pool:
            list(pool.map(drive, range(len(heads))))
        joules = [kernel.value("_energy.total_joules") for kernel in started[1:]]
    for seed, cells in enumerate(zip(*shown, strict=True), start=CELLS):
        assert cells[1] == cells[2] == cells[0], f"seed {seed}:\n{cell(seed)}"
    assert ends[0] == ends[1] == ends[2]
    assert ends[0][1] == ([], False)
    assert joules[0] == pytest.approx(joules[1], rel=1e-9)
    assert joules[0] > 0
