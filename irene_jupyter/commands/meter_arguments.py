"""How a meter's lines are read: arguments of every command that takes a meter, told once."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from irene_jupyter.commands.arguments import Arguments
from irene_jupyter.errors import OptionError
from irene_jupyter.limits import POSITIVE

FORMATS = ("auto", "stock", "irene", "keyvalue", "watts")
SERIAL: Arguments = {
    "--format": {
        "choices": FORMATS,
        "help": "what the meter writes, of emonpi: and csv: (default: auto, the first reading "
        "tells)",
    },
    "--baud": {
        "type": POSITIVE,
        "metavar": "N",
        "help": "of a serial port, of emonpi: alone (default: the format's, 38400 for auto; "
        "emonPi2, emonPi3, emonTx4 and the CM firmware have 115200)",
    },
}
_KINDS = {"format": ("emonpi:", "csv:"), "baud": ("emonpi:",)}


def meter_options(arguments: argparse.Namespace, meter: object) -> Mapping[str, Any]:
    """What of these was given, for `open_meter`. `meter` is a name, or a meter of the user's own.

    Raises `OptionError` where this meter has no such option.
    """
    found = {key: getattr(arguments, key) for key in _KINDS}
    given = {key: value for key, value in found.items() if value is not None}
    for key in given:
        if not (isinstance(meter, str) and meter.startswith(_KINDS[key])):
            name = meter if isinstance(meter, str) else "a meter of your own"
            raise OptionError(
                f"--{key} is an option of {' and '.join(_KINDS[key])}; {name} has none"
            )
    return given
