"""What a call is within generate(): the prompt or a step beyond it, and of how many beams.

Who calls the model knows it best, so the stack is asked for transformers' own loops. Of any other
loop a cache tells it: of keys and values by its length and by what is taken back from it
(`caches.py`), a recurrent state by whether it is filled. Nothing waits for a GPU.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal

import torch
from torch import nn

_GENERATION = "transformers.generation.utils"
_FRAMES = 48  # from a model's call up to generate(), and to one around it, through decorators
# Functions of transformers that call the model: with the prompt, and once for each step. What is
# assisted verifies several tokens in a step, and makes its cache with the prompt itself.
_PROMPT = "_prefill"
_ASSISTED = "_assisted_decoding"
_STEPS = frozenset({"_sample", "_beam_search", _ASSISTED})
# Arguments that only models which generate are called with.
_NAMES = frozenset({"past_key_values", "cache_params", "state", "use_cache"})

# What is known beside a cache's length: by the caller, or by a state that has no length.
Place = Literal["prompt", "step", "empty", "filled"]
Phase = Literal["prefill", "decode"]


@dataclass(frozen=True, slots=True)
class Role:
    """What a call is to the generate() around it; `Role()` where there is none.

    `beams` are the rows of the batch that beam search computes for one sequence. `phase` is that
    of the outermost generation: a part that generates on its own, as the depth decoder of a speech
    model does for each frame, runs within a step. `is_draft`: its tokens are proposed to the
    generation around it; `is_own_draft`: by the first layers of the model that verifies them.
    """

    beams: int = 1
    phase: Phase | None = None
    is_draft: bool = False
    is_own_draft: bool = False


def place_of(kwargs: Mapping[str, Any]) -> tuple[int | None, Place | None]:
    """(tokens in the key-value cache, what else tells the phase) of a call; None if unknown."""
    if _NAMES.isdisjoint(kwargs):  # nearly every call
        return None, None
    cache = kwargs.get("past_key_values")
    length = cache_length(cache)
    caller = _caller(bool(length))
    if length is not None or caller is not None:
        return length, caller
    for name in ("cache_params", "past_key_values"):
        filled = _is_filled(kwargs.get(name))
        if filled is not None:
            return None, "filled" if filled else "empty"
    has_state = cache is not None or isinstance(kwargs.get("state"), list | tuple)  # RWKV's
    return None, "filled" if has_state else None


def phase_of(cached: int | None, place: Place | None, query_length: int) -> Phase | None:
    """The phase of a call, None of one that is no generation's.

    A call of several tokens with a cache reads a prompt on, for all that is known before it: where
    tokens are taken back afterwards it was a step (`caches.py`).
    """
    if cached is None and place is None:
        return None
    if place in ("prompt", "step"):
        return "decode" if place == "step" else "prefill"
    has_cache = place == "filled" or (cached or 0) > 0
    return "decode" if has_cache and query_length == 1 else "prefill"


def role_of(module: nn.Module) -> Role:
    """What a call of `module` that begins now is to its callers.

    Nothing that a model is called with tells beams from a batch, so the callers are asked.
    """
    frames = list(_generating())
    beams = 1
    for frame in frames:
        config = frame.f_locals.get("generation_config")
        wanted = getattr(config, "num_beams", None)
        if isinstance(wanted, int) and wanted > 1:
            beams = max(1, wanted // (getattr(config, "num_return_sequences", None) or 1))
            break
    loops = [frame for frame in frames if frame.f_code.co_name in _STEPS | {_PROMPT}]
    if not loops:
        return Role(beams, "prefill" if frames else None)
    outermost = loops[-1]
    is_draft = len(loops) > 1 and outermost.f_code.co_name == _ASSISTED
    return Role(
        beams,
        "prefill" if outermost.f_code.co_name == _PROMPT else "decode",
        is_draft,
        is_draft and outermost.f_locals.get("self") is module,
    )


def proposed_tokens() -> int:
    """Of the tokens that an assisted generation calls its model with, those to be verified."""
    for frame in _generating():
        if frame.f_code.co_name == _ASSISTED:
            found = frame.f_locals.get("candidate_length")
            return found if isinstance(found, int) else 0
    return 0


def cache_length(cache: Any) -> int | None:
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


def _caller(has_cache: bool) -> Place | None:
    """The place that transformers' own loops give to a call, by the nearest of them."""
    place: Place | None = None
    for frame in _generating():
        name = frame.f_code.co_name
        if name == _ASSISTED and place is None:  # its first call reads the prompt
            return "prompt" if frame.f_locals.get("is_first_iteration") else "step"
        if name == _ASSISTED:  # a draft model's generate() goes on with its cache
            return "step"
        if place is None and (name == _PROMPT or name in _STEPS):
            place = "prompt" if name == _PROMPT else "step"
            if place == "step" or not has_cache:
                return place
    return place


def _generating() -> Iterator[FrameType]:
    """The frames of transformers' generation above this call, the nearest first."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_FRAMES):
        if frame is None:
            return
        if frame.f_globals.get("__name__") == _GENERATION:
            yield frame
        frame = frame.f_back
