"""`irene-jupyter log-meter`: a power meter's lines into a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from irene_jupyter.commands.arguments import Commands, add_all
from irene_jupyter.commands.meter_arguments import SERIAL
from irene_jupyter.commands.result import Result, say
from irene_jupyter.limits import Limits

SECONDS = Limits("a number of seconds above 0", sys.float_info.min, sys.float_info.max, float)


def add(commands: Commands) -> None:
    log = commands.add_parser("log-meter", help="write a power meter's lines into a CSV file")
    log.set_defaults(command=run)
    log.add_argument(
        "--url", required=True, help="a device such as /dev/ttyAMA0, or socket://host:port"
    )
    log.add_argument("--output", type=Path, required=True, metavar="FILE.csv", help="a new file")
    add_all(log, SERIAL)
    log.add_argument("--seconds", type=SECONDS, metavar="N", help="default: until Ctrl-C")


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.meters.logs.to_csv import log_meter

    text = log_meter(
        arguments.url,
        arguments.output,
        format=arguments.format or "auto",
        baud=arguments.baud,
        seconds=arguments.seconds,
        say=say,
    )
    return Result(text)
