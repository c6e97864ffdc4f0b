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
    from irene_jupyter.predictors.profiles.automatic import automatic
    from irene_jupyter.predictors.profiles.loading import devices

    known = devices()
    chosen = automatic()
    rows = [("NAME", "KIND", "JOULES OF", "LABEL", "FROM")]
    rows += [(each.name, each.kind, f"the {each.scope}", each.label, each.origin) for each in known]
    table = aligned(rows, "<<<<<")
    document = {
        "devices": [
            {
                "name": each.name,
                "label": each.label,
                "kind": each.kind,
                "scope": each.scope,
                "origin": each.origin,
                "path": str(each.path),
            }
            for each in known
        ],
        "auto": chosen.profile.name,
        "why": chosen.why,
    }
    last = f"--device auto means {chosen.profile.name} here: {chosen.why}"
    return Result(f"{table}\n\n{last}", document=document)
