"""The background sampler, on the real /proc wherever the machine has one."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from irene_jupyter.errors import IreneError, OptionError
from irene_jupyter.resources import totals
from irene_jupyter.resources.proc import CpuTicks, ProcReader, ResourceError
from irene_jupyter.resources.sampler import Sampler
from irene_jupyter.resources.totals import _Mean

needs_proc = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="needs Linux's /proc")


def our_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("irene-")]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def write_proc(root: Path, stat: str, meminfo: str) -> Path:
    (root / "stat").write_text(stat)
    (root / "meminfo").write_text(meminfo)
    return root


STAT = "cpu  100 5 40 800 50 3 2 0 77 0\ncpu0 100 5 40 800 50 3 2 0 77 0\n"
MEMINFO = "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 250 kB\n"


@pytest.mark.parametrize("steps", [1, 2, 13])
def test_a_mean_of_equal_values_is_that_value_at_most(steps: int) -> None:
    # What a CI run had: the trapezoids' sum rounds, and 9.005… came out an ulp above itself.
    for value in (9.005296365724716, 0.1, 1 / 3):
        mean = _Mean()
        for step in range(steps):
            mean.add(step * 0.0286123, value)
        assert mean.value is not None
        assert mean.value <= mean.highest == value
        assert mean.value == pytest.approx(value, rel=1e-12)


@needs_proc
def test_a_busy_block_is_summarised_with_real_counts() -> None:
    with Sampler(0.02) as sampler:
        assert our_threads() == ["irene-sampler"]
        end = time.perf_counter() + 0.4
        while time.perf_counter() < end:
            sum(range(1000))
    summary = sampler.summary()
    assert our_threads() == []
    assert summary.duration_seconds >= 0.4
    assert summary.samples >= 2
    # This thread alone kept a core busy; idle cores make it a share of all of them.
    assert summary.cpu_percent is not None
    assert 30 / (os.cpu_count() or 1) < summary.cpu_percent <= 100
    assert summary.memory_percent_mean is not None
    assert summary.memory_percent_max is not None
    assert 0 < summary.memory_percent_mean <= summary.memory_percent_max < 100
    assert summary.longest_gap_seconds > 0
    assert 0 < summary.overhead_seconds < summary.duration_seconds
    seconds = [sample.seconds for sample in sampler.timeline]
    assert len(seconds) == summary.samples
    assert seconds == sorted(seconds)
    assert seconds[-1] <= summary.duration_seconds


@needs_proc
def test_the_shortest_block_still_has_a_sample_at_each_end() -> None:
    with Sampler(10.0) as sampler:
        pass
    summary = sampler.summary()
    assert summary.samples >= 2
    assert summary.memory_percent_mean is not None
    # Too short for ticks of 10 ms: unknown with a reason, or a real figure; never a made-up 0.
    if summary.cpu_percent is None:
        assert any("10 ms" in note for note in summary.notes)


@needs_proc
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_thread_and_files_are_gone_after_any_exception(error: type[BaseException]) -> None:
    with Sampler():  # whatever is opened once, such as imports
        pass
    before = open_files()
    for _ in range(20):
        with pytest.raises(error), Sampler(0.02):
            raise error
    assert our_threads() == []
    assert open_files() == before


@needs_proc
def test_an_interrupt_while_entering_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sampler():
        pass
    before = open_files()

    def interrupted(self: threading.Thread) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Sampler().__enter__()
    assert open_files() == before


@needs_proc
def test_without_another_thread_the_block_still_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    ran = False
    with Sampler() as sampler:
        ran = True
    summary = sampler.summary()
    assert ran
    assert any("did not start" in note for note in summary.notes)
    assert summary.cpu_percent is None


def test_a_machine_without_proc_gives_none_and_the_reason(tmp_path: Path) -> None:
    with Sampler(proc_root=tmp_path / "nowhere") as sampler:
        pass
    summary = sampler.summary()
    assert summary.cpu_percent is None
    assert summary.memory_percent_mean is None
    assert summary.memory_percent_max is None
    assert any("does not offer" in note for note in summary.notes)
    assert our_threads() == []


def test_a_file_that_turns_unreadable_half_way_is_noted_and_never_zero(tmp_path: Path) -> None:
    root = write_proc(tmp_path, STAT, MEMINFO)
    with Sampler(0.02, proc_root=root) as sampler:
        (root / "stat").write_text("")
        (root / "meminfo").write_text("")
        time.sleep(0.1)
    summary = sampler.summary()
    assert summary.cpu_percent is None
    assert summary.memory_percent_mean == pytest.approx(75.0)
    assert any(note.startswith("CPU") for note in summary.notes)
    assert any(note.startswith("memory") for note in summary.notes)
    assert sampler.timeline[-1].cpu is None
    assert sampler.timeline[-1].memory_percent is None


def test_idle_and_iowait_are_idle_and_guests_are_counted_once(tmp_path: Path) -> None:
    reader = ProcReader(write_proc(tmp_path, STAT, MEMINFO))
    assert reader.cpu() == CpuTicks(busy=150, total=1000)
    assert reader.memory_percent() == pytest.approx(75.0)
    reader.close()
    reader.close()


@pytest.mark.parametrize(
    ("stat", "meminfo"),
    [
        ("", ""),
        ("intr 1 2 3\n", "MemTotal: 1000 kB\nMemFree: 10 kB\n"),
        ("cpu  1 2 x 4 5 6 7 8\n", "MemTotal: lots kB\nMemAvailable: 250 kB\n"),
        ("cpu  1 2 3\n", "MemTotal: 0 kB\nMemAvailable: 0 kB\n"),
    ],
)
def test_damaged_files_raise(tmp_path: Path, stat: str, meminfo: str) -> None:
    reader = ProcReader(write_proc(tmp_path, stat, meminfo))
    with pytest.raises(ResourceError):
        reader.cpu()
    with pytest.raises(ResourceError):
        reader.memory_percent()
    reader.close()


def test_no_file_stays_open_when_the_second_is_missing(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text(STAT)
    before = open_files() if Path("/proc/self/fd").exists() else None
    with pytest.raises(ResourceError, match="does not offer"):
        ProcReader(tmp_path)
    if before is not None:
        assert open_files() == before


def test_utilisation_is_withheld_where_the_counts_do_not_allow_it() -> None:
    ticks = CpuTicks(busy=10, total=100)
    assert CpuTicks(busy=35, total=150).percent_since(ticks) == pytest.approx(50.0)
    assert CpuTicks(busy=10, total=200).percent_since(ticks) == 0.0
    assert ticks.percent_since(ticks) is None
    assert CpuTicks(busy=5, total=120).percent_since(ticks) is None
    assert CpuTicks(busy=40, total=120).percent_since(ticks) == 100.0


def test_means_are_weighted_by_time_and_do_not_bridge_gaps() -> None:
    mean = _Mean()
    assert mean.value is None
    mean.add(0.0, 10.0)
    assert mean.value == 10.0
    mean.add(1.0, 10.0)
    mean.add(2.0, None)
    mean.add(5.0, 40.0)
    mean.add(8.0, 40.0)
    assert mean.value == pytest.approx((1 * 10 + 3 * 40) / 4)
    assert mean.highest == 40.0


def test_a_reading_of_the_time_before_counts_since_the_one_before() -> None:
    mean = _Mean(of_time_before=True)
    mean.add(2.0, 90.0)
    mean.add(3.0, None)
    mean.add(4.0, 30.0)
    assert mean.value == pytest.approx((2 * 90 + 1 * 30) / 3)
    assert mean.highest == 90.0


def test_a_long_block_keeps_a_thinned_timeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals, "MAX_TIMELINE", 8)
    with Sampler(10.0, proc_root=write_proc(tmp_path, STAT, MEMINFO)) as sampler:
        for _ in range(50):
            sampler._sample()
    assert 4 <= len(sampler.timeline) <= 8
    assert sampler.summary().samples == 52
    seconds = [sample.seconds for sample in sampler.timeline]
    assert seconds == sorted(seconds)


def test_the_summary_is_strict_json(tmp_path: Path) -> None:
    with Sampler(proc_root=tmp_path) as sampler:
        pass
    data = sampler.summary().to_dict()
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_misuse_is_refused_with_the_remedy() -> None:
    for interval in (0.001, -1, float("nan"), float("inf")):
        with pytest.raises(OptionError, match=r"must be 0\.02 s"):
            Sampler(interval)
    sampler = Sampler()
    with pytest.raises(IreneError, match="with Sampler"):
        sampler.summary()
    with sampler:
        pass
    with pytest.raises(IreneError, match="make a new one"), sampler:
        pass


def test_pynvml_is_not_imported_with_the_module() -> None:
    import subprocess

    code = "import sys, irene_jupyter.resources.sampler; print('pynvml' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "False", answer.stderr
