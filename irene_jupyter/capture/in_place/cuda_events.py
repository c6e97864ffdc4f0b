"""CUDA events of one cell: put into the queues of streams, used again, and bounded in number."""

from __future__ import annotations

import logging

import torch

from irene_jupyter.capture.in_place.boundaries import Moment

logger = logging.getLogger(__name__)

# A call of a model with a billion parameters passes some 1500 boundaries.
MAX_EVENTS = 2**16


class CudaEvents:
    """Moments of NVIDIA GPUs. Nothing here waits, and nothing touches a graph that is captured.

    Not tried on AMD's boards, which torch calls cuda as well.
    """

    def __init__(self) -> None:
        self._made = 0
        self._free: list[torch.cuda.Event] = []

    def record(self, gpu: int) -> Moment | None:
        """An event at the end of what the GPU's current stream was given so far.

        None within a graph capture, which would take it in, where the pool is used up, and where
        CUDA refuses: a failed kernel is the user's own, and torch tells it at their next call.
        """
        try:
            if torch.cuda.is_current_stream_capturing():
                return None
            if self._free:
                event = self._free.pop()
            elif self._made < MAX_EVENTS:
                self._made += 1
                event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
            else:
                return None
            stream = torch.cuda.current_stream(gpu)
            event.record(stream)
        except Exception as error:  # never in place of the user's own call
            logger.debug("no event", exc_info=error)
            return None
        return Moment(event, (gpu, stream.cuda_stream))

    def seconds_between(self, earlier: Moment, later: Moment) -> float:
        """Of the board's clock, a microsecond or finer; raises where they were not reached yet."""
        return float(earlier.event.elapsed_time(later.event)) / 1e3

    def give_back(self, moments: list[Moment | None]) -> None:
        """To be recorded again: an event tells the last time that it was."""
        self._free += [moment.event for moment in moments if moment is not None]
