"""What a call is within generate(): the prompt or a step beyond it, and of how many beams.

A cache of keys and values tells it by its length, a recurrent state by whether it is filled.
Where a call has neither only its caller knows, so the stack is asked. Nothing waits for a GPU.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, Literal

import torch

_GENERATION = "transformers.generation.utils"
_FRAMES = 24  # from a model's call up to generate(), through decorators and hooks
# Functions of transformers that call the model: with the prompt, and once for each step.
_PROMPT = "_prefill"
_STEPS = frozenset({"_sample", "_beam_search", "_assisted_decoding"})
# Arguments that only models which generate are called with.
_NAMES = frozenset({"past_key_values", "cache_params", "state", "use_cache"})

# What is known beside a cache's length: by the caller, or by a state that has no length.
Place = Literal["prompt", "step", "empty", "filled"]
Phase = Literal["prefill", "decode"]


def place_of(kwargs: Mapping[str, Any]) -> tuple[int | None, Place | None]:
    """(tokens in the key-value cache, what else tells the phase) of a call; None if unknown."""
    if _NAMES.isdisjoint(kwargs):  # nearly every call
        return None, None
    cache = kwargs.get("past_key_values")
    length = _length(cache)
    if length is not None:
        return length, None
    for name in ("cache_params", "past_key_values"):
        filled = _is_filled(kwargs.get(name))
        if filled is not None:
            return None, "filled" if filled else "empty"
    caller = _caller()
    if caller is not None:
        return None, caller
    has_state = cache is not None or isinstance(kwargs.get("state"), list | tuple)  # RWKV's
    return None, "filled" if has_state else None


def phase_of(cached: int | None, place: Place | None, query_length: int) -> Phase | None:
    """The phase of a call, None of one that is no generation's.

    A call of several tokens with a cache reads a prompt on: it is prefill.
    """
    if cached is None and place is None:
        return None
    if place == "step":
        return "decode"
    has_cache = place == "filled" or (cached or 0) > 0
    return "decode" if has_cache and query_length == 1 else "prefill"


def beams_of_caller() -> int:
    """Rows of the batch that transformers' beam search computes for one sequence; else 1.

    Nothing that a model is called with tells beams from a batch, so the caller is asked.
    """
    for frame in _generating():
        config = frame.f_locals.get("generation_config")
        beams = getattr(config, "num_beams", None)
        if isinstance(beams, int) and beams > 1:
            return max(1, beams // (getattr(config, "num_return_sequences", None) or 1))
    return 1


def _length(cache: Any) -> int | None:
    """Tokens in a cache of keys and values; None where it is none, or keeps that on a GPU."""
    length = getattr(cache, "get_seq_length", None)
    if not callable(length):
        return None
    try:
        found = length()
    except ValueError:  # a cache of recurrent states alone
        return None
    if isinstance(found, torch.Tensor) and found.device.type != "cpu":  # a static cache's
        return None
    return int(found)


def _is_filled(state: Any) -> bool | None:
    """Whether a recurrent state was written to; None where it is none."""
    has_state = getattr(state, "has_previous_state", None)
    if not callable(has_state):
        return None
    try:
        return bool(has_state())
    except ValueError:  # a cache of keys and values alone, or nothing in it yet
        return None


def _caller() -> Place | None:
    for frame in _generating():
        name = frame.f_code.co_name
        if name == _PROMPT:
            return "prompt"
        if name in _STEPS:
            return "step"
    return None


def _generating() -> Iterator[FrameType]:
    """The frames of transformers' generation above this call, the nearest first."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_FRAMES):
        if frame is None:
            return
        if frame.f_globals.get("__name__") == _GENERATION:
            yield frame
        frame = frame.f_back
