"""`irene-jupyter calibrate`: its arguments, its progress on stderr, its table and document."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from irene_jupyter.calibration.events import Event

BAR = 24  # characters
ROUNDS = 5


def add_arguments(command: argparse.ArgumentParser) -> None:
    """All but `--json`, which every command has."""
    command.add_argument(
        "--meter",
        default="simulated",
        metavar="METER",
        help="emonpi:URL, csv:PATH, nvml, rapl or simulated (default: %(default)s, which measures "
        "nothing)",
    )
    command.add_argument(
        "--suite",
        choices=("quick", "standard", "full"),
        default="quick",
        help="10 minutes, an hour, or the paper's grid: days (default: %(default)s)",
    )
    command.add_argument("--name", help="of the profile; default: this machine's name")
    command.add_argument(
        "--rounds", type=int, default=ROUNDS, metavar="N", help="of every node (default: 5)"
    )
    command.add_argument(
        "--resume", action="store_true", help="go on where a calibration was stopped"
    )
    command.add_argument("--output", metavar="PATH", help="default: the user's data folder")
    command.add_argument("--dry-run", action="store_true", help="show the plan, run nothing")
    command.add_argument(
        "--meter-accuracy",
        metavar="SHARE",
        help="what the meter is right to: 0.06 is ± 6 %%; or calibrated, uncalibrated",
    )
    command.add_argument(
        "--device", metavar="NAME", help="torch's: cpu, cuda (default: cuda if there is one)"
    )


def run(arguments: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """The text and the JSON document."""
    from irene_jupyter.calibration.calibrate import calibrate, plan
    from irene_jupyter.calibration.view import text

    simulated = arguments.meter.startswith("simulated")
    planned = plan(
        arguments.suite,
        name=arguments.name,
        rounds=arguments.rounds,
        output=arguments.output,
        simulated=simulated,
    )
    if arguments.dry_run:
        return planned.text(), {
            "suite": planned.suite.name,
            "name": planned.name,
            "rounds": planned.rounds,
            "seconds": planned.seconds,
            "profile": str(planned.output),
            "checkpoint": str(planned.checkpoint),
            "nodes": [part.key for part in planned.suite.parts],
        }
    with Lines(sys.stderr) as lines:
        lines.say(planned.text().partition("\n\n")[2])
        profile = calibrate(
            arguments.meter,
            suite=planned.suite,
            name=planned.name,
            rounds=planned.rounds,
            resume=arguments.resume,
            output=arguments.output,
            meter_accuracy=arguments.meter_accuracy,
            device=arguments.device,
            watch=lines,
        )
    return f"{text(profile)}\n\nstored {planned.output}", profile.to_dict()


class Lines:
    """A watcher of a calibration: one line that is written anew, in a terminal; lines elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._anew = stream.isatty()
        self._open = False
        self._last = ""

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, event: Event) -> None:
        from irene_jupyter.calibration.events import Note, Progress, RunRejected

        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Note):
            self.say(event.message)
        elif isinstance(event, RunRejected):
            end = "given up" if event.gives_up else "repeated"
            self.say(f"{event.part}, round {event.round + 1}, is {end}: {event.reasons[0]}")

    def say(self, message: str) -> None:
        """A line that stays."""
        self._end()
        print(message, file=self._stream, flush=True)

    def _progress(self, event: Any) -> None:
        from irene_jupyter.calibration.suite import in_words

        done = round(BAR * event.share)
        line = (
            f"[{'#' * done}{'.' * (BAR - done)}] {event.share:4.0%}, {in_words(event.seconds_left)}"
            f" left: {event.message}"
        )
        if self._anew:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{line[:width]:<{width}}", end="", file=self._stream, flush=True)
            self._open = True
        elif line.partition("]")[0] != self._last:  # in a log, a line for each step of the bar
            self._last = line.partition("]")[0]
            print(line, file=self._stream, flush=True)

    def _end(self) -> None:
        if self._open:
            print(file=self._stream, flush=True)
            self._open = False
