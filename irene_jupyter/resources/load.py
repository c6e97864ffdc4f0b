"""How busy the processor was while a block ran, and which part of that was this process. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from irene_jupyter.resources.summary import Sample

# /proc/stat counts in ticks of 10 ms for each logical CPU: shorter times say nothing.
_SHORTEST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Span:
    """A time by time.perf_counter(), and the busy part of all logical CPUs in it, 0 to 1."""

    start: float
    end: float
    load: float


@dataclass(frozen=True, slots=True)
class Load:
    """The spans of a block, one after another, and this process's part of all that was busy."""

    spans: tuple[Span, ...]
    own_share: float


def load_of(
    samples: Sequence[Sample],
    began: float,
    seconds: float,
    own_cpu_seconds: float,
    threads: int,
    others_cpu_share: float | None,
) -> Load:
    """Of a block that `began` at a time of time.perf_counter() and took so many `seconds`.

    Where the system does not tell how busy it was, or the block was too short, it is taken as this
    process's own `own_cpu_seconds` alone, on so many logical CPUs (`threads`).
    """
    spans = _spans(samples, began)
    if not spans or others_cpu_share is None:
        load = own_cpu_seconds / (max(seconds, 1e-9) * threads)
        return Load((Span(began, began + seconds, min(1.0, load)),), 1.0)
    spans[0] = Span(began, spans[0].end, spans[0].load)
    last = spans[-1]
    spans[-1] = Span(last.start, max(last.end, began + seconds), last.load)
    return Load(tuple(spans), 1.0 - others_cpu_share)


def _spans(samples: Sequence[Sample], began: float) -> list[Span]:
    known = [sample for sample in samples if sample.cpu is not None]
    found: list[Span] = []
    if not known:
        return found
    first = known[0]
    for sample in known[1:]:
        assert sample.cpu is not None
        assert first.cpu is not None
        if sample.seconds - first.seconds < _SHORTEST_SECONDS:
            continue
        percent = sample.cpu.percent_since(first.cpu)
        if percent is not None:
            found.append(Span(began + first.seconds, began + sample.seconds, percent / 100.0))
            first = sample
    return found
