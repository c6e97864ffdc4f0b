"""What a cell gives, from a shell of this process: outputs, names and the exception."""

from __future__ import annotations

import asyncio
import re
import sys
import traceback
import warnings
from dataclasses import dataclass
from typing import Any

from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.utils.capture import capture_output

ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
THREAD = re.compile(r"<Thread\(Thread-\d+[^>]*")
OWN_LINE = re.compile(r"^%%energy: .*\n", re.MULTILINE)
PROLOGUE_FILE = "prologue.py"


def prologue(source: str) -> dict[str, Any]:
    """The names that `source` defines, as if they came from a file of the user's."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, PROLOGUE_FILE, "exec"), names)
    return names


@dataclass(frozen=True)
class Outcome:
    """What a person and the next cell see of a cell that ran."""

    stdout: str
    stderr: str
    displays: tuple[str, ...]
    result: str
    error: tuple[Any, ...] | None
    names: dict[str, str]


def run(shell: InteractiveShell, given: dict[str, Any], code: str, first_line: int) -> Outcome:
    """Run `code` with the names `given`; `first_line` is where the user's own lines begin."""
    shell.user_ns.clear()
    shell.user_ns_hidden.clear()
    shell.init_user_ns()
    shell.user_ns.update(given)
    shell.compile.reset_compiler_flags()
    with warnings.catch_warnings(), capture_output() as captured:
        warnings.simplefilter("always")  # not only the first time
        done = asyncio.run(_run_as_a_kernel_does(shell, code))
    error = done.error_before_exec or done.error_in_exec
    hidden = {"In", "Out", "exit", "quit", "open", "get_ipython"}
    names = {
        name: _told(value)
        for name, value in shell.user_ns.items()
        if name not in hidden
        and (not name.startswith("_") or (name == "__annotations__" and value))
    }
    return Outcome(
        stdout=_shown(captured.stdout, error is not None),
        stderr=_warned(captured.stderr),
        displays=tuple(_told(each.data) for each in captured.outputs),
        result=_told(done.result),
        error=None if error is None else exception(error, first_line),
        names=names,
    )


async def _run_as_a_kernel_does(shell: InteractiveShell, code: str) -> ExecutionResult:
    refused = None
    try:
        transformed = shell.transform_cell(code)
    except Exception:
        transformed, refused = code, sys.exc_info()
    done: ExecutionResult = await shell.run_cell_async(
        code,
        store_history=False,
        transformed_cell=transformed,
        preprocessing_exc_tuple=refused,
    )
    return done


def exception(error: BaseException, first_line: int) -> tuple[Any, ...]:
    """Type, message, frames and chain; lines are counted from the user's first."""
    place: tuple[Any, ...] = ()
    text = ADDRESS.sub("0x", str(error))
    if isinstance(error, SyntaxError):
        text = re.sub(r"(at line|on line) \d+", r"\1", ADDRESS.sub("0x", error.msg))
        place = (error.text, error.offset, (error.lineno or 0) - first_line)
    return (
        type(error).__name__,
        text,
        place,
        tuple(_frame(frame, first_line) for frame in _frames(error)),
        None if error.__cause__ is None else exception(error.__cause__, first_line),
        None if error.__context__ is None else exception(error.__context__, first_line),
        tuple(exception(each, first_line) for each in getattr(error, "exceptions", ())),
    )


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The user's own; a watched model takes another way through torch's."""
    frames = traceback.extract_tb(error.__traceback__)
    assert not [frame for frame in frames if "/irene_jupyter/" in frame.filename]
    return [each for each in frames if is_cell(each.filename) or each.filename == PROLOGUE_FILE]


def is_cell(filename: str) -> bool:
    """Whether code of this file name was typed into the shell."""
    return "ipython-input-" in filename or "ipykernel_" in filename


def _frame(frame: traceback.FrameSummary, first_line: int) -> tuple[Any, ...]:
    if not is_cell(frame.filename):
        return (frame.filename, frame.name, frame.lineno)
    name = re.sub(r"<cell line: \d+>", "<module>", frame.name)
    line, end = (frame.lineno or 0) - first_line, (frame.end_lineno or 0) - first_line
    return ("cell", name, line, end, frame.colno, frame.end_colno)


def _shown(text: str, failed: bool) -> str:
    """stdout; of a cell that failed only up to the traceback, whose line numbers differ."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    if failed:
        assert "irene_jupyter" not in plain
        plain = re.split(r"-{75}$|  Cell In\[|^  File ", plain, flags=re.MULTILINE)[0]
    return ADDRESS.sub("0x", plain)


def _told(value: Any) -> str:
    return THREAD.sub("<Thread", ADDRESS.sub("0x", repr(value)))


def _warned(text: str) -> str:
    """stderr without our own lines and without the numbers of the user's."""
    text = text.partition("  + Exception Group Traceback")[0]  # has line numbers; see `exception`
    return re.sub(r"(<>|<ipython-input-[^>]*>):\d+", "cell", OWN_LINE.sub("", text))
