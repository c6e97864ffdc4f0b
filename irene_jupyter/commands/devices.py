"""`irene-jupyter devices`: the profiles that are known here."""

from __future__ import annotations

import argparse

from irene_jupyter.columns import aligned
from irene_jupyter.commands.arguments import Commands, add_json
from irene_jupyter.commands.result import Result


def add(commands: Commands) -> None:
    devices = commands.add_parser("devices", help="the device profiles that are known here")
    devices.set_defaults(command=run)
    add_json(devices)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.predictors.profiles.loading import boards, devices, load_device

    known = devices()
    of_boards = boards()
    automatic = load_device("auto").name
    rows = [("NAME", "KIND", "LABEL", "FROM")]
    rows += [(each.name, each.kind, each.label, each.origin) for each in known]
    rows += [(each.name, "board", each.label, "for evaluate alone") for each in of_boards]
    table = aligned(rows, "<<<<")
    document = {
        "devices": [
            {
                "name": each.name,
                "label": each.label,
                "kind": each.kind,
                "origin": each.origin,
                "path": str(each.path),
            }
            for each in known
        ],
        "boards": [{"name": each.name, "label": each.label} for each in of_boards],
        "auto": automatic,
    }
    return Result(f"{table}\n\n--device auto means {automatic} here", document=document)
