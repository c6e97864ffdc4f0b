"""The NVIDIA boards of this machine, each read once for all who ask, and as rarely as it is dear.

A call of the driver takes microseconds of the processor on some machines and a millisecond on
others, most of all virtual ones; of some the energy counter alone is dear. So each of power, energy
and state is read as often as it costs, energy together with power in one call, and boards on
which this process has nothing only at the block's begin and end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from irene_jupyter.resources.kept_session import KEPT
from irene_jupyter.resources.nvml import CALLS_OF_STATE, GpuState, NvmlSession
from irene_jupyter.resources.pace import Pace
from irene_jupyter.resources.proc import ResourceError
from irene_jupyter.resources.summary import GpuSample

# Of the time: with the sampler's own work, and the begin and end of a cell of seven seconds, under
# half a percent.
POWER_SHARE = 0.001
ENERGY_SHARE = 0.002
STATE_SHARE = 0.001
# The interval that was asked for becomes so many times longer at most: 170 ms become 2.7 s, where
# eight boards at a millisecond each are within their share.
MOST_LENGTHENING = 16.0
# Torch takes a tenth of a millisecond a board to tell whether it is in use.
LOOK_SECONDS = 1.0

# The UUIDs of the boards that this process uses; None where nobody knows.
InUse = Callable[[], frozenset[str] | None]


class Boards:
    """None at all until `open`. `samples` is the last reading of each, in the order of `names`."""

    def __init__(self, interval_seconds: float, in_use: InUse = lambda: None) -> None:
        self.names: tuple[str, ...] = ()
        self.uuids: tuple[str | None, ...] = ()
        self.samples: tuple[GpuSample, ...] = ()
        self.missing: ResourceError | None = None  # why there is none
        self._in_use = in_use
        self._session: NvmlSession | None = None
        self._shortest_seconds = interval_seconds
        self._power = Pace(POWER_SHARE, interval_seconds, MOST_LENGTHENING * interval_seconds)
        self._energy = Pace(ENERGY_SHARE)
        self._state = Pace(STATE_SHARE)
        self._energy_read = self._state_read = 0.0  # time.perf_counter()
        self._used: tuple[int, ...] = ()
        self._looked = -math.inf  # time.perf_counter()

    def open(self) -> None:
        """Finds the boards. May take a second where the driver answers for the first time."""
        try:
            self._session = KEPT.take()
            self.names, self.uuids = self._session.names, self._session.uuids
        except ResourceError as error:
            self.missing = error

    @property
    def interval_seconds(self) -> float:
        """Until the next reading: as was asked for, or longer where it is dear."""
        energy = max(self._shortest_seconds, self._energy.seconds(len(self._used)))
        return min(energy, self._power.seconds(len(self._used)))

    def begin(self) -> None:
        """The energy of every board. What state it was in before the block tells nothing."""
        self._look_for_use()
        began = time.thread_time()
        self._keep(self._powers(self._all, counter=True), {})
        # Until it is known: a state's calls take as long as this one.
        self._state.took(CALLS_OF_STATE * (time.thread_time() - began), len(self._all))
        self._state_read = time.perf_counter()

    def read(self) -> None:
        """The power of the boards in use, and their energy and state where these are due."""
        self._look_for_use()
        now, boards = time.perf_counter(), len(self._used)
        # At the reading that is nearest to its time.
        since = now - self._energy_read + self.interval_seconds / 2
        powers = self._powers(self._used, counter=since >= self._energy.seconds(boards))
        due = now - self._state_read >= self._state.seconds(boards)
        self._keep(powers, self._states(self._used) if due else {})

    def end(self) -> None:
        """All of every board; first their energy, so that it is counted to the block's end."""
        powers = self._powers(self._all, counter=True)
        self._keep(powers, self._states(self._all))

    def processes(self, index: int) -> frozenset[int] | None:
        """As `NvmlSession.processes`; None for a board that is not in use."""
        if self._session is None or index not in self._used:
            return None
        return self._session.processes(index)

    @property
    def _all(self) -> tuple[int, ...]:
        return tuple(range(len(self.names)))

    def _look_for_use(self) -> None:
        """A board that was once in use stays so for the block."""
        now = time.perf_counter()
        if self._used == self._all or now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        told = self._in_use()
        if told and not told.intersection(self.uuids):
            told = None  # of a part of a board (MIG) torch and the driver tell different names
        self._used = tuple(
            index
            for index in self._all
            if told is None or self.uuids[index] in told or index in self._used
        )

    def _powers(self, indices: Iterable[int], *, counter: bool) -> dict[int, GpuSample]:
        if self._session is None:
            return {}
        began, found = time.thread_time(), {}
        for index in indices:
            power = self._session.power(index, counter=counter)
            found[index] = GpuSample(time.perf_counter(), power)
        pace = self._energy if counter else self._power
        pace.took(time.thread_time() - began, len(found))
        if counter:
            self._energy_read = time.perf_counter()
        return found

    def _states(self, indices: Iterable[int]) -> dict[int, GpuState]:
        if self._session is None:
            return {}
        began = time.thread_time()
        found = {index: self._session.state(index) for index in indices}
        self._state.took(time.thread_time() - began, len(found))
        self._state_read = time.perf_counter()
        return found

    def _keep(self, powers: Mapping[int, GpuSample], states: Mapping[int, GpuState]) -> None:
        nothing = GpuSample(time.perf_counter())
        self.samples = tuple(
            replace(powers.get(index, nothing), state=states.get(index)) for index in self._all
        )
