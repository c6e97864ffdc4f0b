"""`irene-jupyter calibrate`: its arguments, its progress on stderr, its table and document."""

from __future__ import annotations

import argparse
import sys

from irene_jupyter.commands.arguments import Arguments, Commands, add_all, add_json
from irene_jupyter.commands.meter_arguments import SERIAL, meter_options
from irene_jupyter.commands.result import Result
from irene_jupyter.errors import OptionError
from irene_jupyter.meters.base import METERS

KEPT = "what was finished is kept: the same line with --resume goes on"
SUITES = ("quick", "standard", "full", "board")
# Of the command and of %irene_calibrate, which takes variables too.
ARGUMENTS: Arguments = {
    "--meter": {
        "metavar": "METER",
        "help": f"{METERS}, which measures nothing; in a notebook also a variable that holds a "
        "PowerMeter (without it: a list of those here)",
    },
    **SERIAL,
    "--suite": {
        "metavar": "SUITE",
        "default": "quick",
        "help": "quick (10 minutes), standard (80 minutes), full (the paper's grid: days) or board "
        "(5 minutes, with --meter nvml: the constants of an NVIDIA board), in a notebook also a "
        "variable (default: %(default)s)",
    },
    "--name": {"metavar": "NAME", "help": "of the profile (default: this machine's name)"},
    "--rounds": {
        "metavar": "N",
        "type": int,
        "help": "of every node (default: 5; of the suites quick 4, board 1)",
    },
    "--resume": {"action": "store_true", "help": "go on where a calibration was stopped"},
    "--output": {"metavar": "PATH", "help": "a file, in place of the user's data folder"},
    "--dry-run": {"action": "store_true", "help": "show the plan; nothing is run"},
    "--meter-accuracy": {
        "metavar": "SHARE",
        "help": "what the meter is right to: 0.06 is ± 6 %%; or calibrated, uncalibrated",
    },
}


def add(commands: Commands) -> None:
    command = commands.add_parser(
        "calibrate", help="measure this machine with a power meter: its own device profile"
    )
    command.set_defaults(command=run)
    suite = {**ARGUMENTS["--suite"], "choices": SUITES}
    add_all(command, {**ARGUMENTS, "--suite": suite})
    command.add_argument(
        "--device", metavar="NAME", help="torch's: cpu, cuda (default: cuda if there is one)"
    )
    add_json(command)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.calibration.calibrate import calibrate, plan
    from irene_jupyter.calibration.fit.view import text
    from irene_jupyter.calibration.running.events import SIMULATED
    from irene_jupyter.calibration.running.terminal import Terminal

    if arguments.meter is None and not arguments.dry_run:
        from irene_jupyter.doctor import which_meter

        raise OptionError(which_meter())
    simulated = str(arguments.meter).startswith("simulated")
    options = meter_options(arguments, arguments.meter)
    planned = plan(
        arguments.suite,
        name=arguments.name,
        rounds=arguments.rounds,
        output=arguments.output,
        simulated=simulated,
        device=arguments.device,
    )
    if arguments.dry_run:
        document = {
            "suite": planned.suite.name,
            "name": planned.name,
            "rounds": planned.rounds,
            "seconds": planned.seconds,
            "profile": str(planned.output),
            "checkpoint": str(planned.checkpoint),
            "nodes": planned.suite.keys,
        }
        return Result(planned.text(), document=document)
    with Terminal(sys.stderr) as lines:
        lines.say(planned.text().partition("\n\n")[2])
        try:
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
                meter_options=options,
            )
        except KeyboardInterrupt:
            if planned.checkpoint.exists():
                lines.say(KEPT)
            raise
    last = f"\n{SIMULATED}" if profile.is_simulated else ""
    return Result(f"{text(profile)}\n\nstored {planned.output}{last}", document=profile.to_dict())
