"""A package's energy: wraps, failures and counters that lie. A failed read is never 0."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from machine import Clock, Powercap

from irene_jupyter.meters.base import MeterError
from irene_jupyter.meters.counters.rapl_counter import RaplCounter
from irene_jupyter.meters.counters.rapl_zones import packages


def counter(powercap: Powercap, clock: Clock) -> RaplCounter:
    return RaplCounter(powercap.root / "intel-rapl:0", "CPU package 0", clock=clock)


def test_only_whole_packages_are_counted(powercap: Powercap) -> None:
    powercap.zone("intel-rapl:2", "package-1")
    assert [each.name for each in packages(powercap.root)] == [
        "CPU package 0 (RAPL)",
        "CPU package 1 (RAPL)",
    ]


def test_psys_counts_only_where_there_is_no_package(tmp_path: Path, powercap: Powercap) -> None:
    assert {each.scope for each in packages(powercap.root)} == {"cpu"}
    lone = Powercap.__new__(Powercap)
    lone.root = tmp_path / "lone"
    lone.zone("intel-rapl:0", "psys")
    (found,) = packages(lone.root)
    assert (found.scope, found.name) == ("board", "platform (RAPL)")


@pytest.mark.parametrize("content", [None, "empty"])
def test_no_counters_is_an_error_with_the_remedy(tmp_path: Path, content: str | None) -> None:
    root = tmp_path / "none"
    if content:
        root.mkdir()
    with pytest.raises(MeterError, match="modprobe"):
        packages(root)


def test_joules_and_seconds_between_two_readings(powercap: Powercap, clock: Clock) -> None:
    each = counter(powercap, clock)
    powercap.energy(5.0)
    each.start()
    clock.tick(2.0)
    powercap.energy(47.5)
    reading = each.stop()
    assert reading is not None
    assert (reading.joules, reading.seconds) == (42.5, 2.0)
    assert (reading.scope, reading.truth) == ("cpu", "weak")
    assert each.curve == ((100.0, 0.0), (102.0, 42.5))


def test_wraps_are_counted_also_several(powercap: Powercap, clock: Clock) -> None:
    each = counter(powercap, clock)
    most = (Powercap.RANGE + 1) / 1e6  # joules of one turn
    powercap.energy(most - 50)
    each.start()
    total = 0.0
    value = most - 50
    for _ in range(2000):  # 2000 polls of 200 J: more than one turn of 262 kJ
        clock.tick(1.0)
        total += 200
        value = (value + 200) % most
        powercap.energy(value)
        each.poll()
    reading = each.stop()
    assert reading is not None
    assert reading.joules == pytest.approx(total, rel=1e-9)
    assert total > most


def test_a_counter_that_went_backwards_is_no_wrap(powercap: Powercap, clock: Clock) -> None:
    each = counter(powercap, clock)
    powercap.energy(5000)
    each.start()
    clock.tick(1.0)
    powercap.energy(4000)  # a wrap would be 261 kJ in a second
    assert each.stop() is None
    assert "went backwards" in (each.reason or "")


def test_a_wrap_without_a_known_range_is_no_number(powercap: Powercap, clock: Clock) -> None:
    (powercap.root / "intel-rapl:0" / "max_energy_range_uj").unlink()
    each = counter(powercap, clock)
    powercap.energy(5000)
    each.start()
    clock.tick(1.0)
    powercap.energy(1)
    assert each.stop() is None
    assert "range is not known" in (each.reason or "")


def test_a_counter_that_stands_still_is_no_zero(powercap: Powercap, clock: Clock) -> None:
    each = counter(powercap, clock)
    each.start()
    clock.tick(3.0)
    assert each.stop() is None
    assert "stood still for 3 s" in (each.reason or "")


@pytest.mark.parametrize("when", ["start", "poll", "stop"])
@pytest.mark.parametrize("content", [None, "", "x", "-5"])
def test_a_file_that_disappears_or_is_damaged(
    powercap: Powercap, clock: Clock, when: str, content: str | None
) -> None:
    file = powercap.root / "intel-rapl:0" / "energy_uj"

    def damage() -> None:
        file.unlink()
        if content is not None:
            file.write_text(content)

    each = counter(powercap, clock)
    for step in ("start", "poll"):
        if when == step:
            damage()
        else:
            powercap.energy(clock.now) if file.exists() and when == "stop" else None
        getattr(each, step)()
        clock.tick(1.0)
    if when == "stop":
        damage()
    assert each.stop() is None
    assert each.reason
    assert "energy_uj" in each.reason


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all files")
def test_permission_denied_by_the_system(powercap: Powercap, clock: Clock) -> None:
    (powercap.root / "intel-rapl:0" / "energy_uj").chmod(0)
    each = counter(powercap, clock)
    each.start()
    assert each.stop() is None
    assert "`irene-jupyter doctor`" in (each.reason or "")


def test_permission_denied_names_the_remedy(
    powercap: Powercap, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_text

    def denied(path: Path, *args: object, **kwargs: object) -> str:
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_text", denied)
    each = counter(powercap, clock)
    each.start()
    assert each.stop() is None
    assert "`irene-jupyter doctor`" in (each.reason or "")
