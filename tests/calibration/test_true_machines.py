"""By Monte Carlo: runs of true machines pass the gates, runs that something spoilt do not.

The figures stand in docs/meters.md; `python tests/calibration/test_true_machines.py` prints them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from machines import PARTS, Seen, Spoil, TrueMachine

from irene_jupyter.calibration.signal.quality import judge_run, judge_standby, standby_of

DESKTOP = TrueMachine(60, (120, 350), noise=0.004)
SERVER = TrueMachine(180, (300, 600), noise=0.01, leakage=0.05)
LAPTOP = TrueMachine(5, (18, 45), noise=0.01, spike_watts=6)
RAPL = TrueMachine(
    15, (30, 65), noise=0.005, period_seconds=0.2, window_seconds=None, digits=6
)  # fmt: skip
MACHINES = {
    "desktop": DESKTOP,
    "desktop, + 20 W for 0.3 s every 3 s": replace(DESKTOP, spike_watts=20),
    "desktop, leakage + 5 % in 15 s": replace(DESKTOP, leakage=0.05),
    "desktop, leakage + 8 % in 15 s": replace(DESKTOP, leakage=0.08),
    "desktop, noise of 2 %": replace(DESKTOP, noise=0.02),
    "desktop, a fan of 4 W in the pause": replace(DESKTOP, pause_watts=4),
    "desktop, all of these": replace(
        DESKTOP, spike_watts=20, leakage=0.08, noise=0.006, pause_watts=4
    ),
    "server, leakage + 5 %": SERVER,
    "laptop of 2.5 W, + 5 W": replace(LAPTOP, idle_watts=2.5, run_watts=(12, 30), spike_watts=5),
    "laptop of 5 W, + 6 W": LAPTOP,
    "laptop of 8 W, + 20 W": replace(LAPTOP, idle_watts=8, run_watts=(25, 60), spike_watts=20),
    "laptop that charges, − 3 % a minute": TrueMachine(
        40, (55, 80), noise=0.006, standby_drift=-0.03
    ),
    "RAPL of 15 W": RAPL,
    "RAPL of 15 W, + 20 W": replace(RAPL, spike_watts=20),
    "server of 6 kW, noise of 5 %": TrueMachine(2000, (4000, 6000), noise=0.05),
}
# What is left of 5 % of noise in a run of 5 s cannot be told from 3 % for a part of it.
TOO_NOISY = "server of 6 kW, noise of 5 %"
SPOILS: tuple[Spoil, ...] = (*PARTS, "clock", "stuck")
LEAST, MOST = 0.03, 0.10  # what a spoilt run is off by
RUNS = 200


def passes(machine: TrueMachine, seen: Seen) -> bool:
    rest = seen.standby
    period = machine.period_seconds
    first, last = float(rest.stamps[0]), float(rest.stamps[-1])
    if judge_standby(rest, first, last, period_seconds=period):
        return False
    return not judge_run(
        seen.run,
        seen.start,
        seen.end,
        period_seconds=period,
        standby=standby_of(rest),
        idle=seen.pause,
    )


def share(machine: TrueMachine, runs: Iterator[Seen]) -> float:
    """Of so many runs, how many pass."""
    found = [passes(machine, next(runs)) for _ in range(RUNS)]
    return sum(found) / len(found)


def true_runs(machine: TrueMachine) -> Iterator[Seen]:
    seed = 0
    while True:
        yield machine.see(seed)
        seed += 1


def spoilt_runs(machine: TrueMachine, *, at_least: bool = False) -> Iterator[Seen]:
    """Of every kind in turn, that are off by 3 to 10 %; `at_least`: by 3 to 3.5 %."""
    draw = np.random.default_rng(0)
    seed = 0
    while True:
        wanted = LEAST if at_least else float(draw.uniform(LEAST, MOST))
        seen = machine.see(seed, SPOILS[seed % len(SPOILS)], wanted)
        seed += 1
        if seen.spoilt_by >= LEAST:  # where samples fall decides what reaches the energy
            yield seen


@pytest.mark.parametrize("name", MACHINES)
def test_nine_in_ten_runs_of_true_machines_pass(name: str) -> None:
    assert share(MACHINES[name], true_runs(MACHINES[name])) >= 0.90


@pytest.mark.parametrize("name", [name for name in MACHINES if name != TOO_NOISY])
def test_runs_that_were_spoilt_are_rejected(name: str) -> None:
    assert share(MACHINES[name], spoilt_runs(MACHINES[name])) <= 0.05


def test_noise_of_5_percent_hides_what_it_hides_and_no_more() -> None:
    machine = MACHINES[TOO_NOISY]
    assert share(machine, spoilt_runs(machine)) <= 0.15


def _table() -> None:
    columns: dict[str, Callable[[TrueMachine], Iterator[Seen]]] = {
        "true, pass": true_runs,
        "spoilt by 3 to 10 %, rejected": spoilt_runs,
        "by 3 %, rejected": lambda machine: spoilt_runs(machine, at_least=True),
    }
    print("| machine |", " | ".join(columns), "|")
    for name, machine in MACHINES.items():
        found = [share(machine, make(machine)) for make in columns.values()]
        found[1:] = [1 - each for each in found[1:]]
        print(f"| {name} |", " | ".join(f"{100 * each:.1f} %" for each in found), "|", flush=True)


if __name__ == "__main__":
    _table()
