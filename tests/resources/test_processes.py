"""Who uses the processor: this machine, with a process at work."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from irene_jupyter.resources.proc import ResourceError
from irene_jupyter.resources.processes import (
    ProcessTime,
    Snapshot,
    load_between,
    program_of,
    snapshot,
)


def test_names_and_times_of_all_processes() -> None:
    found = snapshot()
    mine = found.processes[os.getpid()]
    assert mine.name == psutil.Process().name()
    assert 0 < mine.seconds <= sum(os.times()[:2]) + 0.1
    assert 0 < found.busy < found.total


def test_a_system_that_tells_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "PROCFS_PATH", "/nowhere", raising=False)
    if not Path("/proc/stat").exists():
        pytest.skip("needs Linux's /proc")
    with pytest.raises(ResourceError, match="does not tell"):
        snapshot()


def test_our_own_work_is_not_that_of_others() -> None:
    before = Snapshot(10.0, 0, 0, {1: ProcessTime("me", 5.0), 2: ProcessTime("other", 1.0)})
    after = Snapshot(
        20.0,
        6,
        20,  # two cores
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


@pytest.mark.parametrize(
    ("command", "notebook", "told"),
    [
        (
            ["python", "-m", "ipykernel_launcher", "-f", "x.json"],
            "/home/a/lamp.ipynb",
            "the kernel of lamp.ipynb",
        ),
        (["python", "-Xfrozen_modules=off", "-m", "ipykernel_launcher"], None, "a Jupyter kernel"),
        (["/usr/bin/python3", "-u", "/home/a/train.py", "--lr", "1"], None, "python train.py"),
        (["python", "-m", "http.server"], None, "python -m http.server"),
        (["python", "-c", "while True: pass"], None, "python"),
        (["python"], None, "python"),
        ([], None, "python"),
    ],
)
def test_an_interpreter_is_told_by_what_it_runs(
    command: list[str], notebook: str | None, told: str
) -> None:
    assert program_of("python", command, notebook) == told


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs Linux's /proc")
def test_a_running_script_is_told_by_its_name(tmp_path: Path) -> None:
    script = tmp_path / "burn_the_lamp.py"
    script.write_text("print('up', flush=True)\nwhile True: pass\n")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            name = psutil.Process(process.pid).name()
            nothing = Snapshot(0.0, 0, 0, {})
            now = Snapshot(1.0, 1, 2, {process.pid: ProcessTime(name, 1.0)})
            (busy,) = load_between(nothing, now).busiest
        finally:
            process.kill()
    assert busy.name == f"{name} burn_the_lamp.py"
