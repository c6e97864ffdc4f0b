"""The energy of NVIDIA boards as a meter of power: all of them, or the one that is named."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from irene_jupyter.meters.base import METERS, BoardCondition, MeterError
from irene_jupyter.meters.counters.counter_meter import (
    PERIOD_SECONDS,
    CounterMeter,
    Counters,
    Release,
)
from irene_jupyter.meters.counters.nvml_counter import NvmlCounter
from irene_jupyter.resources.nvml import NvmlSession
from irene_jupyter.resources.proc import ResourceError


class NvmlMeter(CounterMeter):
    """`board` is "" for all boards together, a number from 0 on, or a UUID ("GPU-…").

    Opening it raises `MeterError` where there is no such board, or no driver.
    """

    def __init__(
        self,
        board: str = "",
        *,
        period_seconds: float = PERIOD_SECONDS,
        open_nvml: Callable[[], NvmlSession] = NvmlSession,
    ) -> None:
        if board and not board.isdigit() and not board.startswith("GPU-"):
            raise MeterError(
                f"nvml:{board} is no GPU: take nvml for all of them, nvml:0, nvml:1 …, or a UUID "
                "as nvidia-smi -L shows it"
            )
        super().__init__(self._find, "gpu", period_seconds=period_seconds)
        self.board = board
        self._open_nvml = open_nvml
        self._boards: list[NvmlCounter] = []

    def conditions(self) -> tuple[BoardCondition, ...]:
        """Of each board, as it is now."""
        return tuple(each.condition() for each in self._boards)

    def _find(self) -> tuple[Counters, Release]:
        try:
            session = self._open_nvml()
        except ResourceError as error:
            raise MeterError(
                f"nvml: {error}. Where there is no NVIDIA GPU take another meter: {METERS}"
            ) from error
        try:
            wanted = self._wanted(session)
        except MeterError:
            session.close()
            raise
        self._boards = [NvmlCounter(session, index, time.monotonic) for index in wanted]
        return self._boards, session.close

    def _wanted(self, session: NvmlSession) -> Sequence[int]:
        count = len(session.names)
        if not self.board:
            return range(count)
        if not self.board.isdigit():
            found = [at for at, uuid in enumerate(session.uuids) if uuid == self.board]
            # Of a part of a board (MIG) torch and the driver tell different names.
            if not found and count > 1:
                raise MeterError(
                    f"nvml:{self.board}: the driver knows no such GPU; name it by its number, as "
                    "in nvml:0"
                )
            return found or [0]
        if int(self.board) >= count:
            raise MeterError(
                f"nvml:{self.board}: this machine has {count} GPUs, the first is nvml:0"
            )
        return [int(self.board)]
