"""`irene-jupyter`: the package from a terminal.

Results go to stdout, everything else to stderr. Exit code 0, 1 (failed: one message on stderr,
nothing on stdout) or 2 (usage); 130 after Ctrl-C. Heavy imports stand inside the commands.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence

import irene_jupyter
from irene_jupyter.commands import (
    advise,
    calibrate,
    compare,
    crossvalidate,
    demo,
    devices,
    doctor,
    evaluate,
    history,
    log_meter,
    predict,
    show,
    train,
)
from irene_jupyter.commands.result import Result
from irene_jupyter.errors import IreneError, OptionError

INTERRUPTED = 128 + signal.SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code. Prints; never shows a traceback of ours."""
    try:
        arguments = parser().parse_args(argv)
        if "check" in arguments:  # what argparse cannot say: options that exclude one another
            arguments.check(arguments)
    except SystemExit as stop:  # argparse: 0 after --help and --version, 2 for usage
        return stop.code if isinstance(stop.code, int) else 2
    try:
        # Other packages print too (progress, advice): stdout is for the result alone.
        with contextlib.redirect_stdout(sys.stderr):
            result: Result = arguments.command(arguments)
        _print(result, as_json=getattr(arguments, "json", False))
        return 0 if result.after is None else result.after()
    except IreneError as error:
        print(f"irene-jupyter: {error}", file=sys.stderr)
        return 2 if isinstance(error, OptionError) else 1
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _silence_stdout()
        return 1
    except KeyboardInterrupt:
        print("irene-jupyter: interrupted", file=sys.stderr)
        return INTERRUPTED


def _print(result: Result, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result.document, indent=2, allow_nan=False, ensure_ascii=True))
    elif result.report is not None:
        from irene_jupyter.report.text import print_text

        print_text(result.report, sys.stdout, depth=result.depth)
    if result.text and not as_json:
        reconfigure = getattr(sys.stdout, "reconfigure", None)
        if reconfigure is not None:  # a path that the terminal's encoding lacks shows as "?"
            reconfigure(errors="replace")
        print(result.text)
    sys.stdout.flush()


def _silence_stdout() -> None:
    """Points stdout at nothing, so that Python's own flush at exit does not fail again."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


def parser() -> argparse.ArgumentParser:
    """Of all commands, in the order in which help lists them."""
    found = argparse.ArgumentParser(
        prog="irene-jupyter", description="The energy of machine-learning models, node by node."
    )
    found.add_argument(
        "--version", action="version", version=f"irene-jupyter {irene_jupyter.__version__}"
    )
    commands = found.add_subparsers(metavar="COMMAND", required=True)
    for each in (
        *(demo, predict, train, crossvalidate, evaluate),
        *(calibrate, devices, show, compare, history, advise, doctor, log_meter),
    ):
        each.add(commands)
    return found


if __name__ == "__main__":
    sys.exit(main())
