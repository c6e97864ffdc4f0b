"""What the sampler costs: CPU of its thread and memory, at several intervals. Asserts nothing.

Target: under .2 % of one core and 1 MB at 170 ms (the paper's own profiler: .5 %, 15 MB); with a
GPU whose driver takes a millisecond a call, which a stand-in plays here, under .5 %.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from irene_jupyter.meters.counters.counters import Counters
from irene_jupyter.resources.sampler import Sampler

sys.path.insert(0, str(Path(__file__).parents[1] / "meters"))
from machine import Driver

# Milliseconds a call, and of the energy counter beyond them; boards, and those that are in use.
DRIVERS = (
    (0.02, 0, 1, 1),
    (1.0, 0, 1, 1),
    (2.0, 0, 1, 1),
    (0.003, 3.7, 1, 1),  # an H200
    (1.0, 0, 8, 1),
    (1.0, 0, 8, 8),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="for each row")
    options = parser.parse_args()
    with Sampler(probe=Counters()):  # imports and first answers are no matter of the interval
        pass
    this_machine(options.seconds)
    drivers(options.seconds)


def this_machine(seconds: float) -> None:
    print("interval  samples  CPU of a core  memory   timeline in the report")
    for interval in (0.02, 0.05, 0.17, 1.0):
        gc.collect()
        sampler = Sampler(interval, probe=Counters())
        with sampler:
            time.sleep(seconds)
        summary = sampler.summary()
        percent = 100 * summary.block_overhead_seconds / summary.duration_seconds
        gc.collect()
        tracemalloc.start()  # beside the timed run: it slows every allocation
        with Sampler(interval, probe=Counters()):
            time.sleep(seconds / 2)
            kibibytes = tracemalloc.get_traced_memory()[1] / 1024
        tracemalloc.stop()
        size = len(json.dumps(summary.to_dict()["timeline"])) / 1024
        print(
            f"{1000 * interval:5.0f} ms  {summary.samples:7}  {percent:11.3f} %  "
            f"{kibibytes:4.0f} KiB  {size:.1f} KiB"
        )


def drivers(seconds: float) -> None:
    """At 170 ms, with a driver that is none; "in all" is with the first and the last reading."""
    print(
        "\n ms a call  counter  boards  in use  samples  calls between  interval  "
        "CPU, in the block  in all"
    )
    for milliseconds, counter, boards, used in DRIVERS:
        with pytest.MonkeyPatch.context() as patch:
            driver = Driver(patch, boards)
            driver.offer_fields()
            driver.seconds_a_call = milliseconds / 1000
            driver.counter_seconds = counter / 1000
            uuids = frozenset(f"GPU-{letter}" for letter in "abcdefgh"[:used])
            with Sampler(probe=Counters(), boards_in_use=lambda uuids=uuids: uuids) as sampler:
                driver.asked.clear()
                time.sleep(seconds)
                calls = sum(driver.asked.values())
            summary = sampler.summary()
        shares = (
            100 * each / summary.duration_seconds
            for each in (summary.block_overhead_seconds, summary.overhead_seconds)
        )
        print(
            f"{milliseconds:10}  {counter:7}  {boards:6}  {used:6}  "
            f"{summary.samples:7}  {calls:13}  "
            f"{1000 * (summary.used_interval_seconds or 0):5.0f} ms  "
            + "  ".join(f"{share:10.2f} %" for share in shares)
        )


if __name__ == "__main__":
    main()
