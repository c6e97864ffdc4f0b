"""What the GPU tests run and look at. Works on the CPU as well, so that it is tested anywhere."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
import torch
import transformers as hf
from torch import nn
from torch.nn.modules import module as torch_module
from torch.optim import optimizer as torch_optimizer

from irene_jupyter.meters.counters.counters import Counted, Counters
from irene_jupyter.resources.sampler import Sampler
from irene_jupyter.resources.summary import ResourceSummary

# Llama-style; the larger one has TinyLlama's sizes: 1.1 billion parameters.
SIZES: dict[str, dict[str, int]] = {
    "small": {
        "hidden_size": 256, "intermediate_size": 688, "num_hidden_layers": 4,
        "num_attention_heads": 8, "num_key_value_heads": 4, "vocab_size": 1000,
    },
    "1b": {
        "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 22,
        "num_attention_heads": 32, "num_key_value_heads": 4, "vocab_size": 32000,
    },
}  # fmt: skip


def llama(size: str, device: torch.device, dtype: torch.dtype = torch.bfloat16) -> Any:
    """A Llama with random weights, in eval mode."""
    torch.manual_seed(0)
    config = hf.LlamaConfig(**SIZES[size])
    with torch.device(device):
        return hf.AutoModelForCausalLM.from_config(config, dtype=dtype).eval()


def generate(model: Any, batch: int, prompt: int, new: int) -> torch.Tensor:
    """Exactly `new` tokens, whatever the random weights say."""
    device = next(model.parameters()).device
    ids = torch.randint(3, model.config.vocab_size, (batch, prompt), device=device)
    with torch.no_grad():
        return model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=new, do_sample=False,
            eos_token_id=None, pad_token_id=0,
        )  # fmt: skip


class FrozenCache(hf.DynamicCache):
    """A filled cache that no step makes longer: each reads what all read, and leaves nothing."""

    def __init__(self, model: Any, batch: int, length: int) -> None:
        super().__init__()
        ids = torch.ones(batch, length, dtype=torch.long, device=next(model.parameters()).device)
        with torch.no_grad():
            model(input_ids=ids, past_key_values=self)
        self._is_filled = True

    def update(self, keys: Any, values: Any, layer_idx: int, *args: Any, **kwargs: Any) -> Any:
        if not getattr(self, "_is_filled", False):
            return super().update(keys, values, layer_idx, *args, **kwargs)
        kept = self.layers[layer_idx]
        return torch.cat([kept.keys, keys], -2), torch.cat([kept.values, values], -2)


def forward_pass(model: Any, phase: str, batch: int = 4, length: int = 512) -> Callable[[], Any]:
    """One call of a language model: a prompt without a cache, or a step behind one."""
    device = next(model.parameters()).device
    ids = torch.ones(batch, length if phase == "prefill" else 1, dtype=torch.long, device=device)
    if phase == "prefill":
        return lambda: model(input_ids=ids, use_cache=False)
    cache = FrozenCache(model, batch, length)
    return lambda: model(input_ids=ids, past_key_values=cache)


@contextmanager
def doubled(model: nn.Module, ending: str) -> Iterator[int]:
    """Each module whose path ends so is called twice where the model calls it; yields how many."""
    found = [module for path, module in model.named_modules() if path.endswith(ending)]

    def twice(forward: Callable[..., Any]) -> Callable[..., Any]:
        def again(*args: Any, **kwargs: Any) -> Any:
            forward(*args, **kwargs)
            return forward(*args, **kwargs)

        return again

    for module in found:
        module.forward = twice(module.forward)  # type: ignore[method-assign]
    try:
        yield len(found)
    finally:
        for module in found:
            del module.forward


def repeated_for(run: Callable[[], Any], seconds: float) -> int:
    """Runs it for so long and waits for the board in the end; how often."""
    until, calls = time.perf_counter() + seconds, 0
    with torch.no_grad():
        while time.perf_counter() < until:
            run()
            calls += 1
            if calls % 8 == 0 and torch.cuda.is_available():
                torch.cuda.synchronize()  # the queue would take a thousand launches more
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return calls


def event_seconds(run: Callable[[], Any], repeats: int = 50) -> float:
    """Mean time of one call on the GPU, by CUDA events around many."""
    for _ in range(3):
        run()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(repeats):
        run()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1e3 / repeats


class Burner(nn.Module):
    """Matrix products, one after the other: what keeps a board busy.

    With `waits` a call ends when its products are there, and not when they are launched.
    """

    def __init__(self, width: int, device: torch.device, *, waits: bool = False) -> None:
        super().__init__()
        self.waits = waits
        self.linear = nn.Linear(width, width, bias=False, device=device, dtype=torch.bfloat16)
        self.width = width

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(20):
            x = self.linear(x)
        if self.waits and x.is_cuda:
            torch.cuda.synchronize()
        return x

    def burn(self, seconds: float) -> int:
        """Calls for so long; returns how many. No call is left in the queue."""
        x = torch.randn(self.width, self.width, device=self.linear.weight.device).bfloat16()
        until, calls = time.perf_counter() + seconds, 0
        with torch.no_grad():
            while time.perf_counter() < until:
                self(x)
                calls += 1
                if x.is_cuda:
                    torch.cuda.synchronize()
        return calls


def watched(run: Callable[[], Any], device: torch.device) -> tuple[Counted, ResourceSummary]:
    """What the counter of the board and the sampler saw of `run`; a skip where none counts."""
    counters = Counters()
    with Sampler(0.1, probe=counters) as sampler:
        run()
    ours = uuid_of(device)
    for counted in counters.counted:
        if counted.uuid == ours:
            return counted, sampler.summary()
    pytest.skip(f"NVML does not count {ours}: {[each.reason for each in counters.absent]}")


def uuid_of(device: torch.device) -> str:
    return f"GPU-{torch.cuda.get_device_properties(device).uuid}"


def integrated(seconds: Sequence[float | None], watts: Sequence[float | None]) -> float:
    """Joules by trapezoids over the points where both are known."""
    points = [
        (s, w) for s, w in zip(seconds, watts, strict=True) if s is not None and w is not None
    ]
    return sum((t - s) * (v + w) / 2 for (s, w), (t, v) in pairwise(points))


@contextmanager
def without_waiting(device: torch.device) -> Iterator[list[str]]:
    """Within it torch raises where it waits for the GPU; explicit waits are listed."""
    waits: list[str] = []
    places = [(torch.cuda, "synchronize"), (torch.cuda.Event, "synchronize"),
              (torch.cuda.Stream, "synchronize")]  # fmt: skip
    originals = [getattr(place, name) for place, name in places]

    def counting(original: Callable[..., Any]) -> Callable[..., Any]:
        def synchronize(*args: Any, **kwargs: Any) -> Any:
            waits.append(original.__qualname__)
            return original(*args, **kwargs)

        return synchronize

    for (place, name), original in zip(places, originals, strict=True):
        setattr(place, name, counting(original))
    on_gpu = device.type == "cuda"
    mode = torch.cuda.get_sync_debug_mode() if on_gpu else 0
    try:
        if on_gpu:
            torch.cuda.set_sync_debug_mode("error")
        yield waits
    finally:
        if on_gpu:
            torch.cuda.set_sync_debug_mode(mode)
        for (place, name), original in zip(places, originals, strict=True):
            setattr(place, name, original)


def left_behind() -> dict[str, Any]:
    """Threads, hooks, patches, files and GPU memory that there are now."""
    gc.collect()
    memory = 0
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        memory = torch.cuda.memory_allocated()
    return {
        "threads": sorted(t.name for t in threading.enumerate() if t.name.startswith("irene-")),
        "module hooks": bool(torch_module._has_any_global_hook()),
        "step hooks": len(torch_optimizer._global_optimizer_pre_hooks),
        "patched": [nn.Module.__call__.__module__, torch.autograd.backward.__module__],
        "files": len(os.listdir("/proc/self/fd")),
        "gpu bytes": memory,
    }
