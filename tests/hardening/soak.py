"""A long run of random measured cells in one real kernel, with interrupts, watching what grows.

    python tests/hardening/soak.py [--minutes 30] [--seed 1]

Not a test of CI: for a nightly target. Prints a line a minute, and exits with 1 when a thread, a
file, a hook or memory was left behind, a cell gave nothing, or an interrupt was not obeyed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from grammar import PROLOGUE, cell  # noqa: E402
from real_kernels import Kernel, kernels  # noqa: E402

WARM_UP_SECONDS = 20.0  # caches of torch, IPython and ours fill
MOST_GROWTH_MEBIBYTES_A_MINUTE = 2.0
CELLS_OF_NOTEBOOK = 20  # that run again and again, as in JupyterLab; each ends the tree it showed
WATCH = """
import gc as _gc, os as _os, threading as _threading
def _left():
    _gc.collect()
    from torch.nn.modules import module
    from torch.optim import optimizer
    files = 0
    for each in _os.listdir("/proc/self/fd"):
        try:  # without those of IPython's history, which come and go
            files += "profile_default" not in _os.readlink(f"/proc/self/fd/{each}")
        except OSError:
            pass
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[1])
    return {
        "threads": sorted(t.name for t in _threading.enumerate() if t.name.startswith("irene")),
        "files": files,
        "hooks": bool(module._has_any_global_hook()) + len(optimizer._global_optimizer_pre_hooks),
        "mebibytes": pages * 4096 / 2**20,
    }
"""
HEADS = (
    "%%energy --view none --budget 0",
    "%%energy --budget 0.2 --interval 0.02",
    "%%energy --view report --budget 0 --depth 3",
    "%%energy --view none --method irene --budget 0",
    "%%energy model --output kept --budget 0",
)
FORGET = "%reset_selective -f ^(v\\d+|Kv\\d+|got|kept|captured)$\nOut.clear(); In[:] = ['']"
SLEEPING = "\nmodel(x)\nprint('now', flush=True)\nimport time\ntime.sleep(60)"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home, kernels(Path(home)) as start:
        problems = soak(start(), 60 * options.minutes, random.Random(options.seed))
    print(*(problems or ["nothing was left behind"]), sep="\n")
    return 1 if problems else 0


def soak(kernel: Kernel, seconds: float, chance: random.Random) -> list[str]:
    """Runs cells for so long; what went wrong, in words."""
    assert kernel.run("%load_ext irene_jupyter").ok
    assert kernel.run(PROLOGUE + WATCH).ok
    began = time.monotonic()
    first: dict[str, object] | None = None
    told, count, interrupts = began, 0, 0
    problems: list[str] = []
    while (now := time.monotonic()) - began < seconds:
        head = chance.choice(HEADS)
        metadata = {"cellId": f"cell-{count % CELLS_OF_NOTEBOOK}"}
        if chance.random() < 0.01:
            done = kernel.run(head + SLEEPING, when_busy=kernel.interrupt, metadata=metadata)
            interrupts += 1
            if done.reply.get("ename") != "KeyboardInterrupt":
                problems.append(f"an interrupt gave {done.reply.get('ename')}")
        else:
            done = kernel.run(f"{head}\n{cell(chance.randrange(10**9))}", metadata=metadata)
            if done.reply["status"] not in ("ok", "error"):
                problems.append(f"a cell gave {done.reply}")
            if done.reply.get("ename") == "UsageError":
                problems.append(f"a cell was refused: {done.reply['evalue']}")
        count += 1
        if count % 20 == 0:
            kernel.run(FORGET, store_history=False)
            kernel.run(PROLOGUE, store_history=False)
        if first is None and now - began > min(WARM_UP_SECONDS, seconds / 4):
            first, since = kernel.value("_left()"), now
        if now - told > min(60.0, seconds / 4):
            told = now
            print(f"{now - began:6.0f} s  {count:6} cells  {interrupts} interrupts  "
                  f"{kernel.value('_left()')}", flush=True)  # fmt: skip
    kernel.run(FORGET, store_history=False)
    last = kernel.value("_left()")
    print(f"  end     {count:6} cells  {interrupts} interrupts  {last}")
    assert first is not None
    if last["threads"] or last["hooks"]:
        problems.append(f"left behind: {last}")
    if last["files"] > first["files"] + 2:  # a socket of zmq may come and go
        problems.append(f"files: {first['files']} became {last['files']}")
    grown = last["mebibytes"] - first["mebibytes"]
    if grown > 30 + MOST_GROWTH_MEBIBYTES_A_MINUTE * (time.monotonic() - since) / 60:
        problems.append(f"memory grew by {grown:.0f} MiB")
    return problems


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
