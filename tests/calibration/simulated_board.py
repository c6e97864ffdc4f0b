"""A board that behaves as an H100 does, in a time of its own: whoever waits lets it go by.

With a context it takes 45 W more, and some seconds until that is steady; its counter changes every
tenth of a second and now and then in between; a call of the driver takes a millisecond; power rises
by a tenth in the first second of a load, up to the limit, and after it the board is warm for a
while. What a node takes is a known law.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pynvml
import pytest
from machine import Driver

from irene_jupyter.calibration.workload.board_bench import BoardBench, DistinctNode, OpenCase
from irene_jupyter.calibration.workload.board_case import BoardCase
from irene_jupyter.meters.counters import counter_meter, nvml_meter
from irene_jupyter.meters.counters.nvml_meter import NvmlMeter
from irene_jupyter.meters.meter import Observation
from irene_jupyter.predictors.fit.board_fit import START
from irene_jupyter.predictors.forms.board_constants import BoardConstants
from irene_jupyter.predictors.forms.board_work import work_units
from irene_jupyter.predictors.forms.dtypes import HALF, TF32, UNALIGNED, VECTOR
from irene_jupyter.predictors.predict.board_estimates import estimate_board

NAME = "NVIDIA H100 of the tests"
COLD_WATTS, IDLE_WATTS, LIMIT_WATTS = 72.0, 117.4, 700.0
SETTLING_WATTS, SETTLING_SECONDS = 12.0, 5.0  # beyond that, after the context is there
DRIFT, DRIFT_SECONDS = 0.1, 0.25
WARM_WATTS, WARM_SECONDS = 4.0, 3.0  # beyond idle, after a load
UPDATE_SECONDS, EXTRA_SECONDS, EXTRA_EVERY = 0.0999, 0.017, 7
CALL_SECONDS = 0.001
# Other numbers than those that the fit begins with.
LAW = replace(
    START,
    idle_watts=IDLE_WATTS,
    busy_watts=LIMIT_WATTS - IDLE_WATTS,
    joules_per_flop={
        **START.joules_per_flop, HALF: 0.8e-12, UNALIGNED: 2.6e-12, VECTOR: 11e-12, TF32: 1.7e-12
    },
    joules_per_pointwise_flop=5e-11,
    joules_per_byte=4.4e-11,
    joules_per_streamed_byte=8e-11,
    flops_per_second={
        **START.flops_per_second, HALF: 600e12, UNALIGNED: 160e12, VECTOR: 36e12, TF32: 320e12
    },
    bytes_per_second=2.9e12,
    host_seconds_per_operation=19.6e-6,
)  # fmt: skip


class BoardTime:
    """What stands for the module `time`. At `interrupt_at` someone presses Ctrl-C."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.interrupt_at = math.inf

    def monotonic(self) -> float:
        return self.now

    perf_counter = time = monotonic

    def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds)
        if self.now >= self.interrupt_at:
            self.interrupt_at = math.inf
            raise KeyboardInterrupt


class Board:
    """Joules over time, of what is queued."""

    def __init__(self, time: BoardTime, law: BoardConstants = LAW) -> None:
        self.time, self.law = time, law
        self.context_at = math.inf
        self.free_at = time.now  # all that was queued is done
        self._origin = time.now
        # Of each stretch of one power: its begin, end, watts beyond idle, begin of the load, and
        # the joules beyond idle until it begins.
        self._begins: list[float] = []
        self._stretches: list[tuple[float, float, float, float, float]] = []

    def queue(self, seconds: float, joules: float, load: float) -> None:
        """A kernel of a load that began at `load`; joules with those of the idle board."""
        begin = max(self.free_at, self.time.now)
        watts = joules / seconds - self.law.idle_watts
        self.free_at = end = begin + seconds
        if self._stretches:
            first, last, before, its, base = self._stretches[-1]
            if (watts, load) == (before, its) and begin <= last + 1e-9:
                self._stretches[-1] = (first, end, watts, load, base)
                return
            base += _drifting(watts=before, load=its, begin=first, end=last) + _warm(begin - last)
        else:
            base = 0.0
        self._begins.append(begin)
        self._stretches.append((begin, end, watts, load, base))

    def joules(self, moment: float) -> float:
        """Until then."""
        total = COLD_WATTS * (moment - self._origin)
        if (gone := moment - self.context_at) > 0:
            settled = SETTLING_SECONDS * -math.expm1(-gone / SETTLING_SECONDS)
            total += (IDLE_WATTS - COLD_WATTS) * gone + SETTLING_WATTS * settled
        at = bisect_right(self._begins, moment) - 1
        if at >= 0:
            begin, end, watts, load, base = self._stretches[at]
            reached = min(end, max(begin, moment))
            total += base + _drifting(watts=watts, load=load, begin=begin, end=reached)
            total += _warm(moment - reached)
        return total

    def counter(self, moment: float) -> float:
        """What the driver tells then: the joules at its last update."""
        number = math.floor(moment / UPDATE_SECONDS)
        last = number * UPDATE_SECONDS
        if number % EXTRA_EVERY == 0 and moment >= last + EXTRA_SECONDS:
            last += EXTRA_SECONDS
        return 5e6 + self.joules(last)


def _drifting(*, watts: float, load: float, begin: float, end: float) -> float:
    """A load's joules: it begins with a tenth less."""
    less = math.exp(-(begin - load) / DRIFT_SECONDS) - math.exp(-(end - load) / DRIFT_SECONDS)
    return watts * (end - begin - DRIFT * DRIFT_SECONDS * less)


def _warm(seconds: float) -> float:
    """Joules of leakage so long after a load."""
    return WARM_WATTS * WARM_SECONDS * -math.expm1(-max(0.0, seconds) / WARM_SECONDS)


class SimulatedBench(BoardBench):
    """Trees of the real models at their real sizes, and what the law says of their nodes."""

    def __init__(self, board: Board) -> None:
        super().__init__("meta")  # nothing is computed
        self.simulated = board
        self.on_work: Callable[[DistinctNode], None] | None = None

    @property
    def board(self) -> Mapping[str, Any]:
        return {"board": NAME, "cache_bytes": LAW.cache_bytes, "memory_gibibytes": 80.0}

    @property
    def uuid(self) -> str | None:
        return "GPU-a"

    def touch(self) -> None:
        self.simulated.context_at = min(self.simulated.context_at, self.simulated.time.now)

    def synchronise(self) -> None:
        self.simulated.time.sleep(self.simulated.free_at - self.simulated.time.now)

    def open(self, case: BoardCase) -> OpenCase:
        opened = super().open(case)
        root = (
            opened.nodes[0]
            .nodes[0]
            .mapped(lambda node: replace(node, features=replace(node.features, dtype=case.dtype)))
        )
        units = work_units(root, LAW.cache_bytes)
        known = estimate_board(units, LAW, "nothing")
        of = {
            node.path: (unit, *found)
            for unit, found in zip(units, known, strict=True)
            for node in unit.nodes
        }

        def work(node: DistinctNode) -> Callable[[], None]:
            if self.on_work is not None:
                self.on_work(node)
            unit, seconds, joules = of[node.path]
            host = LAW.host_seconds_per_operation * unit.work.host_operations
            board, load = self.simulated, self.simulated.time.now

            def run() -> None:
                board.queue(seconds, joules, load)
                board.time.sleep(host)

            return run

        return replace(opened, work=work)


class _Waiting:
    """The meter's own thread waits."""

    def __init__(self, time: BoardTime) -> None:
        self._time = time

    def wait(self, seconds: float) -> bool:
        self._time.sleep(seconds)
        return False

    def is_set(self) -> bool:
        return False

    def set(self) -> None:
        pass


class SimulatedMeter(NvmlMeter):
    """The real meter, whose thread is drawn along: what it has seen comes a moment later."""

    LATE_SECONDS = 0.03  # beyond a period: its own time is never ahead of the board's

    def __init__(self, time: BoardTime, own: BoardTime, board: str, period_seconds: float) -> None:
        super().__init__(board, period_seconds=period_seconds)
        self._time, self._own = time, own
        self.stopping = _Waiting(own)  # type: ignore[assignment]

    def __enter__(self) -> SimulatedMeter:
        self._own.now = self._time.now
        self.open()
        self._reading = self.read()
        return self

    def stop(self) -> None:
        self.close()

    def observations(self, start: int = 0) -> list[Observation]:
        late = self.period_seconds + self.LATE_SECONDS
        while self._own.now + late <= self._time.now:
            self._observations.append(next(self._reading))
        return self._observations[start:]

    def wait(self, samples: int, timeout: float) -> bool:
        until = self._time.now + timeout
        while len(self.observations()) < samples and self._time.now < until:
            self._time.sleep(0.05)
        return len(self._observations) >= samples


class SimulatedH100:
    """Board, driver, bench and time together; `meter` makes one for each calibration."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time, self.own = BoardTime(), BoardTime()
        self.board = Board(self.time)
        self.bench = SimulatedBench(self.board)
        self.driver = Driver(monkeypatch, boards=2)
        self.driver.limit_watts = self.driver.usual_limit_watts = LIMIT_WATTS
        self.driver.say("nvmlDeviceGetName", lambda handle: NAME)
        self.driver.say("nvmlDeviceGetFieldValues", self._fields)
        for name, module in list(sys.modules.items()):
            if name.startswith("irene_jupyter.calibration.") and hasattr(module, "time"):
                monkeypatch.setattr(module, "time", self.time)
        for each in (counter_meter, nvml_meter):
            monkeypatch.setattr(each, "time", self.own)
        # A mask that looks at values: on meta there are none.
        from transformers import masking_utils

        monkeypatch.setattr(masking_utils, "find_packed_sequence_indices", lambda ids: None)

    def meter(self, board: str = "0", period_seconds: float = 0.1) -> SimulatedMeter:
        return SimulatedMeter(self.time, self.own, board, period_seconds)

    def _fields(self, handle: int, fields: object) -> list[Any]:
        """Energy and power in one call; the second board idles all the time."""
        moment = self.own.now
        self.own.sleep(CALL_SECONDS)
        joules = self.board.counter(moment) if handle == 0 else 1e6 + 80 * moment
        answers = (
            (pynvml.NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION, {"ullVal": round(1000 * joules)}),
            (pynvml.NVML_FI_DEV_POWER_INSTANT, {"uiVal": 100_000}),
        )
        found = []
        for field, value in answers:
            each = pynvml.c_nvmlFieldValue_t(fieldId=field)
            each.nvmlReturn = pynvml.NVML_SUCCESS
            each.value = pynvml.c_nvmlValue_t(**value)
            found.append(each)
        return found
