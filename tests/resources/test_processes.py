"""Who uses the processor: a made-up /proc, and the real one with a process at work."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from irene_jupyter.resources.proc import ResourceError
from irene_jupyter.resources.processes import (
    ProcessTime,
    Snapshot,
    load_between,
    snapshot,
)

TICKS = os.sysconf("SC_CLK_TCK")


def proc(root: Path, processes: dict[int, tuple[str, int]]) -> Path:
    root.mkdir()
    (root / "stat").write_text("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3\n")
    (root / "meminfo").write_text("MemTotal: 1 kB\nMemAvailable: 1 kB\n")
    for pid, (name, ticks) in processes.items():
        (root / str(pid)).mkdir()
        fields = ["S", *["0"] * 10, str(ticks), "5", *["0"] * 30]
        (root / str(pid) / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}\n")
    return root


def test_names_and_times_of_all_processes(tmp_path: Path) -> None:
    root = proc(tmp_path / "proc", {1: ("init", 95), 22: ("tmux: server) 0 (", 195)})
    (root / "33").mkdir()  # ended meanwhile
    (root / "self").mkdir()
    found = snapshot(root)
    assert found.processes == {
        1: ProcessTime("init", 100 / TICKS),
        22: ProcessTime("tmux: server) 0 (", 200 / TICKS),
    }
    assert (found.busy, found.total) == (150, 1000)


def test_no_proc_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ResourceError):
        snapshot(tmp_path)


def test_our_own_work_is_not_that_of_others() -> None:
    before = Snapshot(10.0, 0, 0, {1: ProcessTime("me", 5.0), 2: ProcessTime("other", 1.0)})
    after = Snapshot(
        20.0,
        6 * TICKS,
        20 * TICKS,  # two cores
        {
            1: ProcessTime("me", 9.0),
            2: ProcessTime("other", 2.5),
            3: ProcessTime("new", 0.5),
            4: ProcessTime("idle", 0.0),
        },
    )
    load = load_between(before, after, frozenset({1}))
    assert load.seconds == 10
    assert load.others_share == pytest.approx(2 / 20)
    assert [(each.name, each.pid) for each in load.busiest] == [("other", 2), ("new", 3)]
    assert [each.cores for each in load.busiest] == pytest.approx([0.15, 0.05])
    assert load_between(before, before).others_share == 0


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs Linux's /proc")
def test_a_process_at_work_is_found_by_its_number() -> None:
    before = snapshot()
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            end = time.monotonic() + 30
            while time.monotonic() < end:
                time.sleep(0.3)
                load = load_between(before, snapshot(), most=50)
                mine = [each for each in load.busiest if each.pid == process.pid]
                if mine and mine[0].cores > 0.05:
                    break
        finally:
            process.kill()
    assert mine[0].cores > 0.05
    assert "python" in mine[0].name
    assert load.others_share > 0
    assert os.getpid() not in {each.pid for each in load.busiest}
