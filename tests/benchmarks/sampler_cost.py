"""What the sampler costs: CPU of its thread and memory, at several intervals. Asserts nothing.

Target: under .2 % of one core and 1 MB at 170 ms (the paper's own profiler: .5 %, 15 MB).
"""

from __future__ import annotations

import argparse
import gc
import json
import time
import tracemalloc

from irene_jupyter.meters.counters.counters import Counters
from irene_jupyter.resources.sampler import Sampler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="for each interval")
    options = parser.parse_args()
    with Sampler(probe=Counters()):  # imports and first answers are no matter of the interval
        pass
    print("interval  samples  CPU of a core  memory   timeline in the report")
    for interval in (0.02, 0.05, 0.17, 1.0):
        gc.collect()
        sampler = Sampler(interval, probe=Counters())
        with sampler:
            time.sleep(options.seconds)
        summary = sampler.summary()
        percent = 100 * summary.block_overhead_seconds / summary.duration_seconds
        gc.collect()
        tracemalloc.start()  # beside the timed run: it slows every allocation
        with Sampler(interval, probe=Counters()):
            time.sleep(options.seconds / 2)
            kibibytes = tracemalloc.get_traced_memory()[1] / 1024
        tracemalloc.stop()
        size = len(json.dumps(summary.to_dict()["timeline"])) / 1024
        print(
            f"{1000 * interval:5.0f} ms  {summary.samples:7}  {percent:11.3f} %  "
            f"{kibibytes:4.0f} KiB  {size:.1f} KiB"
        )


if __name__ == "__main__":
    main()
