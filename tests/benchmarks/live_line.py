"""What a long cell's trend and live line cost. Prints, asserts nothing.

Microseconds of bookkeeping for each root call and each optimiser step, and the processor time
of one line in a real kernel, which shows one every two seconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from irene_jupyter.capture.watch.activity import OPTIMISER
from irene_jupyter.capture.watch.loop import Loop
from irene_jupyter.capture.watch.signed import Signature

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from real_kernels import kernels

ROUNDS = 200_000
LINES = 200
IN_KERNEL = f"""
import time
from irene_jupyter.notebook.live_line import LiveLine
from irene_jupyter.report.so_far import SoFar
line, took = LiveLine(get_ipython()), []
for index in range({LINES}):
    began = time.thread_time()
    line._said = str(SoFar(index, 100.0, "measured", "step", index))
    line._show()
    took.append(time.thread_time() - began)
milliseconds = 1e3 * sorted(took)[len(took) // 2]
"""


def microseconds(each) -> float:
    began = time.process_time()
    for index in range(ROUNDS):
        each(index * 1e-3)
    return 1e6 * (time.process_time() - began) / ROUNDS


def main() -> None:
    calls, steps = Loop(), Loop()
    signature = Signature(lambda: None, "Model", 8, 128, kind=(1, None), calls=5)
    called = microseconds(lambda at: calls.called(signature, at, at + 5e-4))
    stepped = microseconds(lambda at: steps.spent(OPTIMISER, at, at + 5e-4, 1))
    print(f"a call {called:.2f} µs, an optimiser step {stepped:.2f} µs")
    with tempfile.TemporaryDirectory() as folder, kernels(Path(folder)) as start:
        kernel = start()
        cell = kernel.run(IN_KERNEL)
        assert cell.ok, cell.traceback
        print(f"a line {kernel.value('milliseconds'):.2f} ms of the processor, every 2 s")


if __name__ == "__main__":
    main()
