"""`irene-jupyter doctor`: what this machine can measure."""

from __future__ import annotations

import argparse

from irene_jupyter.commands.arguments import Commands, add_json
from irene_jupyter.commands.result import Result


def add(commands: Commands) -> None:
    doctor = commands.add_parser(
        "doctor", help="what this machine can measure, what is missing, and what helps"
    )
    doctor.set_defaults(command=run)
    add_json(doctor)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter import doctor

    findings = doctor.examine()
    return Result(doctor.as_text(findings), document=doctor.document(findings))
