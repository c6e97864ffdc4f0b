"""What a calibration runs, for how long, and how long that takes in all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.signal.alignment import (
    PAD_SECONDS,
    SLOT_SECONDS,
    TAILS,
    pattern_slots,
    slot_seconds,
)
from irene_jupyter.calibration.signal.integration import guard_length
from irene_jupyter.calibration.signal.rejection import LIMITS, Limits
from irene_jupyter.calibration.workload.bench import Bench, has_bfloat16
from irene_jupyter.calibration.workload.part import Part, distinct

FAST_PERIOD_SECONDS = 0.17  # of an emonPi with the authors' firmware: what an estimate assumes
START_SECONDS = 10.0  # models are built
IDLE_PERIODS = 2.0  # of the meter, over which the machine must be at rest before a run
FIT_SECONDS = 1.0  # of one of them
# A model is brought here, and a run goes on to the end of a piece: seen with quick and standard.
BETWEEN_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long each step lasts. The defaults are those of docs/calibration.md.

    A run lasts `run_seconds`, or longer where the meter is slow: until `run_samples` samples lie
    between its guards. Before it the machine rests for `settle_seconds`, or longer where the meter
    is slow, and until it takes no more than at standby, at most for `settle_most_seconds`.
    """

    standby_seconds: float = 60.0
    standby_tries: int = 3
    pattern_tries: int = 3
    pattern_seconds: int | None = None  # slots of it; None: as the meter's period asks for
    slot_seconds: float = SLOT_SECONDS
    pause_seconds: float = PAD_SECONDS  # before and after the pattern
    warm_seconds: float = 0.5
    settle_seconds: float = 2.0
    settle_most_seconds: float = 30.0
    run_seconds: float = 20.0
    run_samples: int = 100
    guard_seconds: float = 0.5
    tries: int = 3  # of a run that is rejected
    extra_rounds: int = 2  # for nodes whose rounds vary by more than 1 %
    align_seconds: float = 1800.0  # between two alignments of the clocks, at most
    silence_seconds: float = 30.0  # without a sample: the meter is silent

    def slots(self, period_seconds: float) -> int:
        """Slots of the load pattern for a meter of this period."""
        return self.pattern_seconds or pattern_slots(period_seconds)

    def slot_length(self, period_seconds: float) -> float:
        """Seconds of each slot."""
        return slot_seconds(period_seconds, self.slot_seconds)

    def pattern_length(self, period_seconds: float) -> float:
        """Seconds of a load pattern and the rests around it."""
        slots = self.slots(period_seconds) * self.slot_length(period_seconds)
        return slots + 3 * self.pause_seconds

    def guard_length(self, hold_seconds: float = 0.0, smoothing_seconds: float = 0.0) -> float:
        """Seconds at a run's ends that do not count, with a meter that holds and smooths so."""
        return guard_length(self.guard_seconds, hold_seconds, smoothing_seconds)

    def run_length(
        self, period_seconds: float, hold_seconds: float = 0.0, smoothing_seconds: float = 0.0
    ) -> float:
        """Seconds of a run with a meter of this period, which holds and smooths what it tells."""
        guards = 2 * self.guard_length(hold_seconds, smoothing_seconds)
        samples = (self.run_samples + 1) * period_seconds
        return max(self.run_seconds, guards + samples) + TAILS * smoothing_seconds

    def settle_length(
        self, period_seconds: float, hold_seconds: float = 0.0, smoothing_seconds: float = 0.0
    ) -> float:
        """Seconds of the pause before a run, in which some readings must be of rest alone."""
        guards = 2 * (hold_seconds + smoothing_seconds)
        least = guards + IDLE_PERIODS * period_seconds + TAILS * smoothing_seconds
        return max(self.settle_seconds, least)

    def turn_length(
        self, period_seconds: float, hold_seconds: float = 0.0, smoothing_seconds: float = 0.0
    ) -> float:
        """Seconds of a run with the pause before it, and until its last readings have come."""
        meter = (period_seconds, hold_seconds, smoothing_seconds)
        around = self.warm_seconds + self.settle_length(*meter) + 2 * period_seconds
        return around + self.run_length(*meter) + BETWEEN_SECONDS


@dataclass(frozen=True, slots=True)
class Suite:
    """Parts to run, by name. `make_bench` makes what builds and runs them.

    A suite is `complete` where every node of its trees is run: then the regressors are fitted
    anew. Else a shipped profile is brought here.
    """

    name: str
    parts: tuple[Part, ...]
    timing: Timing = field(default_factory=Timing)
    complete: bool = False
    limits: Limits = LIMITS
    seconds_limit: float | None = None  # extra rounds take no more than it leaves
    make_bench: Callable[[], Bench] = Bench
    rounds: int = 5  # if nobody says otherwise

    @property
    def keys(self) -> list[str]:
        """The names of its parts."""
        return [part.key for part in self.parts]

    @property
    def fit_seconds(self) -> float:
        """How long the fit at its end takes: one without each part, and one of all."""
        return FIT_SECONDS * (len(self.parts) + 1)

    def seconds(
        self,
        rounds: int,
        period_seconds: float = FAST_PERIOD_SECONDS,
        hold_seconds: float = 0.0,
        smoothing_seconds: float = 0.0,
    ) -> float:
        """How long it takes in all with such a meter, if nothing is rejected."""
        timing = self.timing
        run = timing.turn_length(period_seconds, hold_seconds, smoothing_seconds)
        patterns = 2 * timing.pattern_length(period_seconds)
        once = START_SECONDS + timing.standby_seconds + patterns + self.fit_seconds
        return once + rounds * len(self.parts) * run


def _quick() -> Suite:
    bert, gpt, llama, mixtral = "bert-base-uncased", "gpt2", "small-llama", "small-mixtral"
    layer = "encoder.layer.0"
    return Suite(
        "quick",
        (
            Part(bert, 8, 32),
            Part(gpt, 8, 128),
            Part(bert, 8, 128, layer),
            Part(bert, 8, 128, f"{layer}.attention.self.query"),
            Part(bert, 8, 128, f"{layer}.intermediate.dense"),
            Part(bert, 8, 128, f"{layer}.attention.self.matmul_0"),
            Part(bert, 8, 32, f"{layer}.attention.self.matmul_0"),
            Part(bert, 16, 128, f"{layer}.output.LayerNorm"),
            Part(bert, 32, 256, f"{layer}.output.LayerNorm"),
            Part(bert, 8, 128, "embeddings"),
            Part(gpt, 8, 128, "h.0.attn"),
            # What another dtype costs, or what is told twice by then.
            Part(llama, 8, 64, dtype="bfloat16") if has_bfloat16() else Part(gpt, 8, 32, "h.0.mlp"),
            # Small inputs, which cost their launches.
            Part(bert, 1, 16),
            Part(bert, 1, 16, f"{layer}.intermediate.dense"),
            Part(bert, 1, 16, f"{layer}.output.LayerNorm"),
            # Today's models: RMSNorm, SiLU, rotary positions, grouped queries, experts, a cache.
            Part(llama, 4, 64),
            Part(llama, 8, 128, "layers.0.input_layernorm"),
            Part(llama, 8, 128, "layers.0.mlp.act_fn"),
            Part(llama, 8, 128, "layers.0.self_attn"),
            Part(llama, 4, 1, cached=128),
            Part(mixtral, 4, 64, "layers.0.mlp.experts"),
            Part(mixtral, 1, 16, "layers.0.mlp.experts"),
        ),
        Timing(
            run_seconds=3.0,
            run_samples=10,
            settle_seconds=0.7,
            settle_most_seconds=10.0,
            warm_seconds=0.2,
            extra_rounds=1,
        ),
        seconds_limit=600.0,
        rounds=4,
    )


def _whole(name: str, models: Sequence[str], sizes: Sequence[tuple[int, int]], **how: Any) -> Suite:
    """Every distinct node of these models at these sizes."""
    bench = Bench()
    parts = []
    for model in models:
        for batch, length in sizes:
            whole = Part(model, batch, length)
            tree = bench.tree(whole)
            parts += [Part(model, batch, length, path) for path in distinct(tree)]
            if has_bfloat16():
                parts.append(Part(model, batch, length, dtype="bfloat16"))
    return Suite(name, tuple(parts), complete=True, **how)


def _standard() -> Suite:
    return _whole(
        "standard",
        ("bert-base-uncased", "distilgpt2", "small-llama"),
        ((1, 16), (8, 64), (16, 128)),
        timing=Timing(
            run_seconds=4.0,
            run_samples=20,
            settle_seconds=1.0,
            settle_most_seconds=20.0,
            warm_seconds=0.3,
            extra_rounds=1,
        ),
        seconds_limit=3600.0,
    )


def _full() -> Suite:
    from irene_jupyter.calibration.workload.architectures import PAPER

    sizes = [(batch, length) for batch in range(8, 33, 8) for length in range(32, 257, 32)]
    return _whole("full", PAPER, sizes)


SUITES: dict[str, Callable[[], Suite]] = {"quick": _quick, "standard": _standard, "full": _full}


def suite_of(suite: str | Suite) -> Suite:
    """A suite by name. Raises `CalibrationError` that lists the names."""
    if isinstance(suite, Suite):
        return suite
    make = SUITES.get(suite)
    if make is None:
        raise CalibrationError(f"no suite {suite!r}: take {', '.join(SUITES)} or board")
    return make()


def in_words(seconds: float) -> str:
    """A time for people: 45 s, 9 min, 1 h 5 min."""
    if seconds < 90:
        return f"{max(0, round(seconds))} s"
    minutes = math.ceil(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
