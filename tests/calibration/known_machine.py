"""A machine whose energies are known: what runs sets the power of the emulated meter.

A part really runs once, as it is prepared; its repetitions only take their time after that, so
that what else the machine does has no say in the truth.
"""

from __future__ import annotations

import random
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from irene_jupyter.calibration.calibrate import calibrate
from irene_jupyter.calibration.running.counting import counted
from irene_jupyter.calibration.running.events import Event
from irene_jupyter.calibration.running.journal import read_journal
from irene_jupyter.calibration.running.records import Record, Run
from irene_jupyter.calibration.signal.rejection import Limits
from irene_jupyter.calibration.workload.architectures import ARCHITECTURES
from irene_jupyter.calibration.workload.bench import Bench, Workload
from irene_jupyter.calibration.workload.part import Part
from irene_jupyter.calibration.workload.suite import Suite, Timing
from irene_jupyter.meters.emulator.emulated_meter import EmulatedMeter
from irene_jupyter.meters.emulator.wire import Knobs
from irene_jupyter.predictors.forms.matrices import gemm_mebibytes, kind_of
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import ModelTree, Node

IDLE_WATTS = 50.0
HALF_FACTOR = 0.55  # joules in bfloat16 over those in float32
LOAD_WATTS = 200.0  # while the clock's pattern is on
MAINS_HZ = 200.0  # no mains has it: readings come every 52 ms, and tests end sooner

# Short, and deaf to what else the machine does: only the truth may decide a test.
TIMING = Timing(
    standby_seconds=1.7,
    standby_tries=5,
    pattern_tries=5,
    pattern_seconds=7,
    slot_seconds=0.25,
    pause_seconds=0.2,
    warm_seconds=0.02,
    settle_seconds=0.15,
    settle_most_seconds=2.0,
    run_seconds=1.7,
    run_samples=10,
    tries=6,
    extra_rounds=0,
    silence_seconds=5.0,
)
LIMITS = Limits(
    busy_share=1.0,
    gap_periods=12.0,
    coverage=0.5,
    bunched_share=1.0,
    slope_share=0.05,
    idle_share=0.5,
)


class Power:
    """The power of the machine over time, as whatever runs switches it."""

    def __init__(self, noise_watts: float = 0.05) -> None:
        self.emulator: Any = None
        self._times, self._watts, self._joules = [0.0], [IDLE_WATTS], [0.0]
        self._random = random.Random(0)
        self._noise = noise_watts

    def set(self, watts: float) -> None:
        now = time.monotonic()
        if watts != self._watts[-1]:
            before = self._joules[-1] + self._watts[-1] * (now - self._times[-1])
            self._joules.append(before)
            self._times.append(now)
            self._watts.append(watts)

    def joules(self, start: float, end: float) -> float:
        """What the machine really took between two `time.monotonic()`."""
        return self._total(end) - self._total(start)

    def _total(self, moment: float) -> float:
        at = bisect_right(self._times, moment) - 1
        return self._joules[at] + self._watts[at] * (moment - self._times[at])

    def begin(self, start: float) -> None:
        pass

    def mean_watts(self, start: float, end: float) -> float:
        zero = self.emulator.started
        mean = self.joules(zero + start, zero + end) / (end - start)
        return mean + self._random.gauss(0.0, self._noise)


def law(tree: ModelTree, nodes: Iterable[Node]) -> float:
    """The true joules of one run: flops, bytes and launches of leaves, and modules' own work.

    Leaves that no regressor knows (activations) take bytes and a launch, as own work does.
    """
    total = 0.0
    for top in nodes:
        for node in top.walk():
            known = node.features
            if not node.children and kind_of(node) is not None:
                moved = gemm_mebibytes(node) * known.calls or known.canonical_mebibytes
                total += 0.04 * known.canonical_megaflops + 1.0 * moved + 0.1 * known.calls
            elif not node.children:
                total += 0.3 * known.canonical_mebibytes + 0.1 * known.calls
            else:
                below = sum(child.features.canonical_mebibytes for child in node.children)
                total += 0.3 * max(0.0, known.canonical_mebibytes - below) + 0.1
    return total


class KnownBench(Bench):
    """Each repetition of a part takes its true energy, at a power of its own."""

    runs_for_real = True  # once, as it is prepared

    def __init__(self, power: Power) -> None:
        super().__init__("cpu")
        self.power = power
        self.on_run: Callable[[Part], None] | None = None  # for faults in the middle of a run
        self.patterns_hidden = 0  # so many of the next ones do not show in the power

    def true_joules(self, part: Part) -> float:
        factor = 1.0 if part.dtype == "float32" else HALF_FACTOR
        return factor * law(self.tree(part), self.nodes(part))

    def true_watts(self, part: Part) -> float:
        return IDLE_WATTS + 60.0 + random.Random(part.key).uniform(0, 150)

    def prepare(self, part: Part) -> Workload:
        if self.runs_for_real:
            super().prepare(part).run()
        watts = self.true_watts(part)
        seconds = self.true_joules(part) / watts
        due = [0.0]

        def run() -> None:
            now = time.monotonic()
            if due[0] <= 0:
                due[0] = now
            self.power.set(watts)
            if self.on_run is not None:
                self.on_run(part)
            due[0] += seconds
            while (left := due[0] - time.monotonic()) > 0:
                time.sleep(left)

        def synchronise() -> None:
            self.power.set(IDLE_WATTS)
            due[0] = 0.0

        return Workload(part, run, synchronise)

    def load(self) -> Callable[[], Any]:
        watts = IDLE_WATTS if self.patterns_hidden > 0 else LOAD_WATTS
        self.patterns_hidden -= 1

        def piece() -> None:
            self.power.set(watts)
            time.sleep(0.002)
            self.power.set(IDLE_WATTS)

        return piece


def tiny(kind: str, **options: Any) -> Callable[[], Any]:
    def make() -> Any:
        import transformers

        return getattr(transformers, kind)(**options)

    return make


def add_architectures() -> None:
    ARCHITECTURES["tiny-bert"] = tiny(
        "BertConfig", hidden_size=128, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=512, vocab_size=1000,
    )  # fmt: skip
    ARCHITECTURES["tiny-gpt"] = tiny(
        "GPT2Config", n_embd=128, n_layer=2, n_head=2, vocab_size=1000, use_cache=False
    )


def known_suite(bench: Bench, parts: Iterable[Part], timing: Timing = TIMING) -> Suite:
    return Suite("known", tuple(parts), timing, limits=LIMITS, make_bench=lambda: bench)


def known_meter(power: Power, transport: str = "pty", **knobs: Any) -> EmulatedMeter:
    meter = EmulatedMeter(power, Knobs(mains_hz=MAINS_HZ, **knobs), transport=transport)
    power.emulator = meter.emulator
    return meter


LAYER = "encoder.layer.0."
FEW = (
    Part("tiny-bert", 2, 32),
    Part("tiny-bert", 2, 64, LAYER + "intermediate.dense"),
    Part("tiny-bert", 2, 64, LAYER + "output.LayerNorm"),
)


class Machine:
    """One known machine, and calibrations of it with everything that they said."""

    def __init__(self, folder: Path) -> None:
        self.power = Power()
        self.bench = KnownBench(self.power)
        self.output = folder / "known.json"
        self.journal = folder / "known.calibration.jsonl"
        self.events: list[Event] = []

    def calibrate(
        self,
        parts: Sequence[Part] = FEW,
        *,
        meter: Any = None,
        watch: Callable[[Event], None] | None = None,
        suite: Any = None,
        **options: Any,
    ) -> DeviceProfile:
        self.events = []

        def both(event: Event) -> None:
            self.events.append(event)
            if watch is not None:
                watch(event)

        return calibrate(
            known_meter(self.power) if meter is None else meter,
            suite=suite or known_suite(self.bench, parts),
            name="known",
            output=self.output,
            watch=both,
            **{"rounds": 1, **options},
        )

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def records(self) -> list[Record]:
        return read_journal(self.journal).records

    def runs(self) -> list[Run]:
        """Those that count, and those that no alignment has followed yet."""
        found = counted(self.records(), TIMING.guard_seconds, LIMITS)
        return [*found.sure, *found.open]

    def check(self) -> None:
        """Every run that counts is what the machine really took."""
        found = self.runs()
        assert found
        for run in found:
            true = self.power.joules(run.start, run.end) / run.repeats
            assert run.joules == pytest.approx(true, rel=0.01), run
