"""The two transformers by themselves, in a shell of this process."""

from __future__ import annotations

import ast
import contextlib
import textwrap
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from irene_jupyter.notebook.block import EnergyBlock, refusal, wants_help
from irene_jupyter.notebook.cell_options import CellOptions, checked, parse
from irene_jupyter.notebook.magics import EnergyMagics, load, unload
from irene_jupyter.options import Options


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InteractiveShell]:
    config = Config()
    config.HistoryManager.enabled = False
    folder = str(tmp_path_factory.mktemp("ipython"))
    shell = InteractiveShell.instance(config=config, ipython_dir=folder)
    load(shell)
    yield shell
    unload(shell)
    InteractiveShell.clear_instance()


BODIES = [
    "x = 1\n",
    "\n\n  \nx = 1\n",
    "# comment\n\nx = 1\ny = 2",
    "%time x\n!ls\nz = !ls\n",
    "text = '''\n%%energy\n\n'''\nx",
    "x?\ny",
    "def f():\n    '''doc'''\n    return 1\n\n\nf()",
    "    indented = 1\n    indented",
    "x = (1 +\n\n     2)\n%matplotlib inline\nx",
]


@pytest.mark.parametrize("body", BODIES)
def test_lines_stay_where_they_are(shell, body):
    cell = shell.transform_cell(f"%%energy --depth 2\n{body}")
    alone = shell.transform_cell(body)
    lines = cell.splitlines()
    assert lines[0] == "'%%energy --depth 2'"
    blank = len(body) - len(body.lstrip("\n "))
    skipped = body[:blank].count("\n")
    assert [line for line in lines[1 : 1 + skipped] if line.strip()] == []
    assert lines[1 + skipped :] == alone.splitlines()


def test_a_nested_magic_takes_the_rest(shell):
    cell = shell.transform_cell("%%energy\n\n%%time\nx = 1\n\ny = 2\n")
    lines = cell.splitlines()
    assert lines[:2] == ["'%%energy'", ""]
    assert lines[2] == r"get_ipython().run_cell_magic('time', '', 'x = 1\n\ny = 2\n')"


@pytest.mark.parametrize(
    "cell", ["%%energyx\nx", "%energy\nx", "x = 1\n%%time\n", "%%time\nx", "'%%energy'.upper()\nx"]
)
def test_other_cells_are_left_alone(shell, cell):
    ours = shell.transform_cell(cell)
    unload(shell)
    try:
        assert shell.transform_cell(cell) == ours
    finally:
        load(shell)


@given(st.text(alphabet="%energy \n#x=1'\"?!()\\\t", max_size=40))
def test_transforming_has_no_side_effect(shell, text):
    def transformed() -> str:
        try:
            return shell.transform_cell("%%energy\n" + text)
        except SyntaxError as error:
            return repr(error)

    first = transformed()
    assert transformed() == first


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("%%energy", "incomplete"),
        ("%%energy --depth 2\nx = 1", "incomplete"),
        ("%%energy\nx = 1\n", "complete"),
    ],
)
def test_a_terminal_asks_for_more_lines(shell, typed, status):
    assert shell.check_complete(typed + "\n" * (status == "complete"))[0] == status


def wrapped(shell: InteractiveShell, body: str) -> list[ast.stmt]:
    source = shell.transform_cell("%%energy\n" + textwrap.dedent(body))
    return EnergyBlock(shell).visit(ast.parse(source)).body


def test_what_must_stand_first_stays_first(shell):
    body = wrapped(shell, "'''doc'''\nfrom __future__ import annotations\nimport os\nx = 1\n")
    assert [type(node) for node in body] == [ast.Expr, ast.ImportFrom, ast.With]
    compile(ast.Module(body, []), "cell", "exec")


def test_every_statement_keeps_its_line(shell):
    source = "a = 1\n\nfor i in range(2):\n    a += i\n\n(a +\n 1)\n"
    block, tail = wrapped(shell, source)
    assert [node.lineno for node in block.body] == [2, 4, 7]
    assert block.lineno == 1
    assert (tail.lineno, tail.end_lineno) == (7, 8)


@pytest.mark.parametrize(
    ("lines", "runs"),
    [
        ([], False),
        (["\n", "   \n"], False),
        (["# x = 1\n", "  # y\n"], False),
        (["\n", "%%energy --depth 2\n", "x\n"], False),
        (["# x\n", "x\n"], True),
        (["%%energyx\n"], True),
        (["'''# text'''\n"], True),
    ],
)
def test_refusal(lines, runs):
    assert (refusal(lines) is None) is runs


def test_wants_help():
    assert wants_help("model --help")
    assert wants_help("-h")
    assert wants_help("--save 'open --help") is False
    assert wants_help("--helpless") is False


# --- arguments ------------------------------------------------------------------------------------


def options(line: str) -> CellOptions:
    return checked(parse(EnergyMagics.energy.parser, line))


def test_defaults():
    assert options("") == CellOptions()


def test_all_arguments_in_any_order(tmp_path):
    line = (
        f"model --device gtx1080ti --batch-size 4 'models[0]' --seq-len=16 --depth 3 "
        f"--view=\"text\" other['a'].encoder --save '{tmp_path}/a b.json' --output kept"
    )
    assert options(line) == CellOptions(
        models=("model", "models[0]", "other['a'].encoder"),
        measure=Options(device="gtx1080ti", batch_size=4, seq_len=16),
        depth=3,
        view="text",
        save=tmp_path / "a b.json",
        output="kept",
    )


def test_save_goes_to_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert options("--save ~/run.json").save == tmp_path / "run.json"


@given(st.text(max_size=60))
def test_any_line_is_accepted_or_a_usage_error(text):
    with contextlib.suppress(UsageError):
        options(text)
