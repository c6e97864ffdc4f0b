"""What goes wrong while a calibration runs: recovered, or stopped with the remedy; nothing lost."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from known_machine import FEW, LIMITS, Machine, known_meter, known_suite

from irene_jupyter.calibration.errors import (
    AlignmentError,
    CalibrationError,
    CheckpointError,
)
from irene_jupyter.calibration.running.events import Event, Note, Progress
from irene_jupyter.calibration.running.records import ClockOffset, Rejected, Run
from irene_jupyter.calibration.workload.part import Part
from irene_jupyter.meters.emonpi.meter_reader import MeterReader
from irene_jupyter.meters.emonpi.stream import MeterStream
from irene_jupyter.meters.errors import PortBusyError


def test_faults_of_the_line_reject_the_run_and_it_is_repeated(machine: Machine) -> None:
    """A reset with its banner, a disconnect, and a silence: one in the first run of each part."""
    meter = known_meter(machine.power)
    faults = {  # by what the gates say of them
        "started anew": meter.emulator.reboot,
        "connection": lambda: meter.emulator.disconnect(0.2),
        "no sample for|samples in the run": lambda: meter.emulator.silence(1.2),
    }
    left = list(zip(FEW, faults.values(), strict=True))
    began: dict[Part, float] = {}

    def on_run(part: Part) -> None:
        now = time.monotonic()
        for each, fault in left:
            if part == each and now - began.setdefault(part, now) > 0.5:
                left.remove((each, fault))
                fault()
                return

    machine.bench.on_run = on_run
    machine.calibrate(meter=meter)
    assert not left
    reasons = {e.part: " ".join(e.reasons) for e in reversed(machine.of(Rejected))}
    for part, word in zip(FEW, faults, strict=True):
        assert re.search(word, reasons[part.key])
    assert not any(each.gives_up for each in machine.of(Rejected))
    assert len(machine.runs()) == len(FEW)
    machine.check()


def test_a_silent_meter_is_an_error_that_says_what_to_look_at(machine: Machine) -> None:
    meter = known_meter(machine.power)
    meter.emulator.silence(1e9)
    suite = known_suite(machine.bench, FEW)
    suite = replace(suite, timing=replace(suite.timing, silence_seconds=0.5))
    with pytest.raises(CalibrationError, match="is it on, is the clamp plugged in"):
        machine.calibrate(meter=meter, suite=suite)
    assert not machine.journal.exists(), "there is nothing to resume"


def test_a_clock_that_is_late_and_drifts(machine: Machine) -> None:
    """300 ms late, and 60 ms more by the end: found by the load pattern, and told."""
    meter = known_meter(machine.power, latency_seconds=0.3)
    emulator = meter.emulator
    began = time.monotonic()
    real = machine.power.mean_watts

    def mean_watts(start: float, end: float) -> float:
        late = 0.3 + 0.01 * (time.monotonic() - began)
        emulator.knobs = replace(emulator.knobs, latency_seconds=late)
        return real(start, end)

    machine.power.mean_watts = mean_watts  # type: ignore[method-assign]
    machine.calibrate(meter=meter)
    first, last = (each.seconds for each in machine.records() if isinstance(each, ClockOffset))
    assert 0.3 < first < 0.6
    assert last > first + 0.05
    assert any("clock moved" in note.message for note in machine.of(Note))
    machine.check()


def test_a_load_pattern_that_is_hidden_is_run_again(machine: Machine) -> None:
    """Once it is told and tried anew; as often as it may be tried, it is an error."""
    machine.bench.patterns_hidden = 1
    machine.calibrate()
    notes = [note.message for note in machine.of(Note) if "load pattern" in note.message]
    assert "try 1 of" in notes[0]
    machine.check()
    machine.journal.unlink(missing_ok=True)
    machine.bench.patterns_hidden = 2
    suite = known_suite(machine.bench, FEW)
    suite = replace(suite, timing=replace(suite.timing, pattern_tries=2))
    with pytest.raises(AlignmentError, match="load pattern is"):
        machine.calibrate(suite=suite)
    assert machine.runs() == []


def test_a_busy_machine_has_no_standby(machine: Machine) -> None:
    suite = known_suite(machine.bench, FEW)
    suite = replace(suite, limits=replace(LIMITS, busy_share=0.02))
    burner = [sys.executable, "-c", "while True: pass"]
    burners = [subprocess.Popen(burner) for _ in range(os.cpu_count() or 1)]
    try:
        with pytest.raises(CalibrationError, match=r"other programs .*resume"):
            machine.calibrate(suite=suite)
    finally:
        for each in burners:
            each.kill()
            each.wait()
    assert machine.runs() == []


def test_interrupts_at_each_stage_lose_nothing(machine: Machine) -> None:
    """A real SIGINT at each stage in turn; each time the calibration goes on from there."""
    kept: list[Run] = []
    for stage in ("standby", "clock", "runs", "fit"):

        def interrupt(event: Event, stage: str = stage) -> None:
            is_run = stage == "runs" and isinstance(event, Run)
            if is_run or (stage != "runs" and isinstance(event, Progress) and event.stage == stage):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(1)  # until the signal is handled

        with pytest.raises(KeyboardInterrupt):
            machine.calibrate(watch=interrupt, resume=stage != "standby")
        found = machine.runs()
        assert found[: len(kept)] == kept
        kept = found
        assert len(kept) == {"standby": 0, "clock": 0, "runs": 1, "fit": len(FEW)}[stage]
        assert not machine.output.exists()
    machine.calibrate(resume=True)
    assert machine.runs() == kept
    assert machine.output.exists()
    machine.check()


@contextlib.contextmanager
def _no_file_grows_beyond(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_stops_it_and_keeps_what_was_finished(machine: Machine) -> None:
    """A limit on the size of files in place of a full disk: the same call fails the same way."""
    with contextlib.ExitStack() as stack:

        def fill(event: Event) -> None:
            if isinstance(event, Run) and len(machine.of(Run)) == 2:
                size = machine.journal.stat().st_size
                stack.enter_context(_no_file_grows_beyond(size + 40))

        with pytest.raises(CheckpointError, match="free some disk space, then go on with resume"):
            machine.calibrate(watch=fill)
    assert len(machine.runs()) == 2
    machine.calibrate(resume=True)
    assert len(machine.runs()) == len(FEW)
    machine.check()


def test_the_second_calibration_on_one_port_is_told_so(machine: Machine, tmp_path: Path) -> None:
    meter = known_meter(machine.power)
    with meter:
        meter.wait(1, timeout=10)
        second = Machine(tmp_path / "second")
        reader = MeterReader(MeterStream(meter.emulator.url, "irene"))
        with pytest.raises(PortBusyError, match="already has a reader"):
            second.calibrate(meter=reader)


SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from pathlib import Path
from known_machine import Machine, add_architectures
add_architectures()
def watch(event):
    print(type(event).__name__, getattr(event, "stage", ""), flush=True)
Machine(Path({output!r})).calibrate(watch=watch)
"""


@pytest.mark.parametrize(
    ("line", "times", "kept"),
    [("Progress standby", 1, 0), ("Run", 1, 1), ("Progress clock", 2, len(FEW))],
    ids=["standby", "second run", "last alignment"],
)
def test_a_kill_loses_only_what_it_was_in(
    machine: Machine, line: str, times: int, kept: int
) -> None:
    """A real SIGKILL; the others are in test_resume.py, in simulated time."""
    script = SCRIPT.format(folder=str(Path(__file__).parent), output=str(machine.output.parent))
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    for said in process.stdout:
        times -= said.strip() == line
        if not times:
            break
    time.sleep(0.5)  # into what comes then
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    before = machine.runs()
    assert len(before) >= kept
    with open(machine.journal, "ab") as journal:
        journal.write(b'{"record":"run","part":"tiny')  # a line that was cut
    profile = machine.calibrate(resume=True)
    assert machine.runs()[: len(before)] == before
    assert len(machine.runs()) == len(profile.scorecard["nodes"]) == len(FEW)
    assert sorted(path.name for path in machine.output.parent.iterdir() if path.is_file()) == [
        "known.calibration.jsonl",
        "known.json",
    ]
