"""One leaf's call, again and again on fresh inputs, and what it takes."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.record.calls import Call, TensorSpec, extent_of, specs_in

SLICE_SECONDS = 0.02  # of one leaf, if its repeats are short
MIN_REPEATS = 3
MAX_REPEATS = 30
CUDA_LOOP = 20  # calls between two events, of short ones


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one call: the lower quartile of its repeats, and their interquartile range."""

    seconds: float
    spread_seconds: float
    repeats: int


def timing_of(
    call: Call, module: nn.Module | None, expected_seconds: float, deadline: float
) -> Timing | None:
    """Repeats a call on inputs of our own; None where the time until `deadline` is too short.

    `module` is the leaf that was called, None for a function; `expected_seconds` of one call.
    Times are of time.perf_counter(). Gradients and torch's random state are the caller's to keep.
    Raises what a backend raises that refuses our inputs.
    """
    if time.perf_counter() + (1 + MIN_REPEATS) * expected_seconds > deadline:
        return None
    first = next(specs_in((call.args, call.kwargs)), None)
    device = torch.device("cpu") if first is None else first.device
    # The user's random state is not touched: our numbers come from a generator of our own.
    generator = torch.Generator(device=device).manual_seed(0)
    highest = _highest_id(call, module)
    args = _fresh(call.args, generator, highest)
    kwargs = _fresh(call.kwargs, generator, highest)
    if call.name == "scaled_dot_product_attention":
        kwargs = {**kwargs, **({"dropout_p": 0.0} if "dropout_p" in kwargs else {})}
    # `forward`, not the call: the user's hooks on the module would see inputs of ours.
    run = call.function if module is None else module.forward
    assert run is not None
    with _autocast(call):
        if device.type == "cuda":
            with torch.cuda.device(device):
                return _on_cuda(lambda: run(*args, **kwargs), deadline)
        return _on_host(lambda: run(*args, **kwargs), deadline)


def repeatable(call: Call) -> Callable[[], Any]:
    """A functional leaf as it was called, on fresh inputs that are made now."""
    function = call.function
    assert function is not None, "a module's leaf is its module"
    first = next(specs_in((call.args, call.kwargs)), None)
    device = torch.device("cpu") if first is None else first.device
    generator = torch.Generator(device=device).manual_seed(0)
    highest = _highest_id(call, None)
    args = _fresh(call.args, generator, highest)
    kwargs = _fresh(call.kwargs, generator, highest)
    return lambda: function(*args, **kwargs)


def _on_host(run: Callable[[], Any], deadline: float) -> Timing | None:
    once = time.perf_counter()
    run()
    once = time.perf_counter() - once
    if time.perf_counter() + MIN_REPEATS * once > deadline:
        return None
    seconds: list[float] = []
    until = min(deadline, time.perf_counter() + SLICE_SECONDS)
    while len(seconds) < MAX_REPEATS:
        began = time.perf_counter()
        run()
        ended = time.perf_counter()
        seconds.append(ended - began)
        if ended > until and len(seconds) >= MIN_REPEATS:
            break
    return _summary(seconds)


def _on_cuda(run: Callable[[], Any], deadline: float) -> Timing | None:
    """Events around loops of calls: one launch would be lost in the clock."""

    def looped(calls: int) -> float:
        start, end = (event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(calls):
            run()
        end.record()
        end.synchronize()
        return float(start.elapsed_time(end)) / 1e3 / calls

    event: Any = torch.cuda.Event
    run()  # the first call loads the kernels
    once = looped(1)
    # A large product fills the slice with few calls.
    calls = max(1, min(CUDA_LOOP, int(SLICE_SECONDS / MIN_REPEATS / max(once, 1e-9))))
    if time.perf_counter() + MIN_REPEATS * calls * once > deadline:
        return None
    seconds: list[float] = []
    until = min(deadline, time.perf_counter() + SLICE_SECONDS)
    while len(seconds) < MAX_REPEATS:
        seconds.append(looped(calls))
        if time.perf_counter() > until and len(seconds) >= MIN_REPEATS:
            break
    return _summary(seconds)


def _summary(seconds: Sequence[float]) -> Timing:
    low, _, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return Timing(low, high - low, len(seconds))


def _highest_id(call: Call, module: nn.Module | None) -> int:
    """Whole numbers below this are valid: rows of an embedding's table, else 0 and 1."""
    if isinstance(module, nn.Embedding):
        return int(module.num_embeddings)
    if call.name == "embedding":
        tables = [s for s in specs_in((call.args, call.kwargs)) if s.dtype.is_floating_point]
        return tables[0].shape[0] if tables else 1
    return 2


def _fresh(value: Any, generator: torch.Generator, highest: int) -> Any:
    """The arguments with a new tensor of the recorded shape and layout for each `TensorSpec`."""
    if isinstance(value, TensorSpec):
        return _tensor(value, generator, highest)
    if isinstance(value, Mapping):
        return {key: _fresh(item, generator, highest) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_fresh(item, generator, highest) for item in value)
    return value


def _tensor(spec: TensorSpec, generator: torch.Generator, highest: int) -> torch.Tensor:
    size = extent_of(spec)
    if spec.dtype.is_floating_point or spec.dtype.is_complex:
        base = torch.randn(size, generator=generator, device=spec.device).to(spec.dtype)
    elif spec.dtype is torch.bool:
        base = torch.ones(size, dtype=torch.bool, device=spec.device)  # a mask that hides nothing
    else:
        base = torch.randint(
            max(1, highest), (size,), generator=generator, device=spec.device, dtype=spec.dtype
        )
    return base.as_strided(spec.shape, spec.stride)


@contextlib.contextmanager
def _autocast(call: Call) -> Iterator[None]:
    if call.autocast is None:
        yield
        return
    device, dtype = call.autocast
    with torch.autocast(device, dtype=dtype, cache_enabled=False):
        yield
