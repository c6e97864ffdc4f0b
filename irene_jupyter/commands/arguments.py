"""Arguments that several commands have, or a command and a magic: keywords for argparse."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from irene_jupyter.options import Options

Commands = Any  # argparse keeps the type of its subparsers to itself
Arguments = Mapping[str, Mapping[str, Any]]  # names, with blanks between them -> keywords

DEFAULTS = Options()
PROFILE: Arguments = {
    "--device": {
        "metavar": "NAME",
        "default": DEFAULTS.device,
        "help": "the device profile to predict for, a name of `irene-jupyter devices` or "
        "%%irene_devices, or a file (default: auto, this machine's own profile if it was "
        "calibrated, else its board's, else gtx1080ti)",
    },
    "--method": {
        "metavar": "NAME",
        "default": DEFAULTS.method,
        "help": "how to predict: additive, or the paper's irene, stepwise, predicted-sum "
        "(default: %(default)s)",
    },
}


def add_all(command: argparse.ArgumentParser, arguments: Arguments) -> None:
    for names, keywords in arguments.items():
        command.add_argument(*names.split(), **keywords)


def add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON document")
