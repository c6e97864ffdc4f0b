"""`irene-jupyter calibrate`: its arguments, its progress on stderr, its table and document."""

from __future__ import annotations

import argparse
import sys

from irene_jupyter.commands.arguments import Commands, add_json
from irene_jupyter.commands.result import Result

ROUNDS = 5


def add(commands: Commands) -> None:
    command = commands.add_parser(
        "calibrate", help="measure this machine with a power meter: its own device profile"
    )
    command.set_defaults(command=run)
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
    add_json(command)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.calibration.calibrate import calibrate, plan
    from irene_jupyter.calibration.fit.view import text
    from irene_jupyter.calibration.running.terminal import Terminal

    simulated = arguments.meter.startswith("simulated")
    planned = plan(
        arguments.suite,
        name=arguments.name,
        rounds=arguments.rounds,
        output=arguments.output,
        simulated=simulated,
    )
    if arguments.dry_run:
        document = {
            "suite": planned.suite.name,
            "name": planned.name,
            "rounds": planned.rounds,
            "seconds": planned.seconds,
            "profile": str(planned.output),
            "checkpoint": str(planned.checkpoint),
            "nodes": [part.key for part in planned.suite.parts],
        }
        return Result(planned.text(), document=document)
    with Terminal(sys.stderr) as lines:
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
    return Result(f"{text(profile)}\n\nstored {planned.output}", document=profile.to_dict())
