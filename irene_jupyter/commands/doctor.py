"""`irene-jupyter doctor`: what this machine can measure."""

from __future__ import annotations

import argparse

from irene_jupyter.commands.arguments import Commands, add_all, add_json
from irene_jupyter.commands.meter_arguments import SERIAL, meter_options
from irene_jupyter.commands.result import Result


def add(commands: Commands) -> None:
    doctor = commands.add_parser(
        "doctor", help="what this machine can measure, what is missing, and what helps"
    )
    doctor.set_defaults(command=run)
    doctor.add_argument(
        "--meter", metavar="METER", help="a power meter to try, as `calibrate --meter` takes it"
    )
    add_all(doctor, SERIAL)
    add_json(doctor)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter import doctor

    options = meter_options(arguments, arguments.meter)
    findings = doctor.examine()
    if arguments.meter is not None:
        findings = (*findings, doctor.try_meter(arguments.meter, **options))
    return Result(doctor.as_text(findings), document=doctor.document(findings))
