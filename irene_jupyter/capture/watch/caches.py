"""What became of the tokens that calls put into a cache of keys and values.

Speculative decoding and prompt lookup let a model read several proposed tokens at once and take
back those that it would not have written. So a call that reads on with a filled cache is a prompt
where they stay and a decoding step where some are taken back, and only what stays was generated.
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from irene_jupyter.capture.watch.steps import Place, cache_length, proposed_tokens
from irene_jupyter.frames import strip_own_frames

if TYPE_CHECKING:
    from irene_jupyter.capture.watch.signed import Signature

_CROP = "crop"  # the method of transformers' caches


@dataclass(slots=True)
class Reading:
    """A call that reads the tokens from `start` to `end` into a cache: the last one that did."""

    cache: weakref.ref[Any]
    start: int
    end: int
    prompt_end: int  # where the tokens begin that are proposed, not given
    is_prompt: bool
    is_draft: bool
    is_verifying: bool  # as a call with that cache did before
    received: int = 0  # proposed tokens that were read with the prompt and stayed
    carried: int = 0  # the same, for the call after this one
    signature: Signature | None = None  # once it has ended


class Caches:
    """Corrects the phase and the tokens of signatures by what is taken back from their caches.

    A cache's `crop` is wrapped from its first call on, until `uninstall`. A length that is shorter
    at the next call tells of other ways.
    """

    def __init__(self) -> None:
        self._last: dict[int, Reading] = {}  # by `id` of the cache
        self._wrapped: dict[type, tuple[Callable[..., Any], Callable[..., Any]]] = {}
        self._lock = threading.Lock()

    def begun(
        self, cache: Any, signature: Signature, cached: int, place: Place | None
    ) -> Reading | None:
        """A call like those of `signature` begins, with `cached` tokens in `cache`."""
        try:
            reference = weakref.ref(cache)
        except TypeError:  # a class of the user's, of the kind that cannot be referred to
            return None
        self._wrap(type(cache))
        end, is_draft = cached + signature.seq_len, signature.role.is_draft
        is_prompt = place == "prompt" and not is_draft
        proposed = proposed_tokens() if is_prompt else 0
        with self._lock:
            last = self._last_of(cache)
            if last is not None and 0 < last.start < cached < last.end:
                self._settle(last, cached)
            reading = Reading(
                reference,
                cached,
                end,
                end - proposed,
                is_prompt,
                is_draft,
                is_verifying=place is None and last is not None and last.is_verifying,
                received=0 if last is None else last.carried,
            )
            self._last[id(cache)] = reading
        return reading

    def ended(self, reading: Reading, signature: Signature) -> None:
        """The call of `reading` was one of `signature`."""
        reading.signature = signature
        _correct(signature, reading.received)
        if reading.is_verifying and reading.start > 0:
            signature.phase = "decode"

    def _last_of(self, cache: Any) -> Reading | None:
        last = self._last.get(id(cache))
        return last if last is not None and last.cache() is cache else None

    def uninstall(self) -> None:
        """The caches' classes as they were; who has wrapped over us since then stays."""
        for kind, (original, wrapper) in self._wrapped.items():
            if vars(kind).get(_CROP) is wrapper:
                setattr(kind, _CROP, original)
        self._wrapped = {}
        self._last = {}

    def _settle(self, reading: Reading, length: int) -> None:
        """After the call of `reading` its cache was cut back to `length`."""
        signature = reading.signature
        if signature is None or reading.is_draft or not reading.start < length <= reading.end:
            return
        _correct(signature, length - reading.end)
        reading.end = length
        if reading.is_prompt:  # what was accepted beyond the prompt is the next step's
            kept = max(0, length - reading.prompt_end)
            _correct(signature, reading.carried - kept)
            reading.carried = kept
        elif reading.start > 0:
            signature.phase = "decode"
            reading.is_verifying = True

    def _wrap(self, kind: type) -> None:
        for each in kind.__mro__:
            original = vars(each).get(_CROP)
            if callable(original) and each not in self._wrapped:
                wrapper = self._watched(original)
                self._wrapped[each] = (original, wrapper)
                setattr(each, _CROP, wrapper)

    def _watched(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def crop(cache: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                result = original(cache, *args, **kwargs)
            except BaseException as error:
                strip_own_frames(error)
                raise
            if not torch.compiler.is_compiling():
                with self._lock:
                    last, length = self._last_of(cache), cache_length(cache)
                    if last is not None and length is not None:
                        self._settle(last, length)
            return result

        return crop


def _correct(signature: Signature, tokens: int) -> None:
    """Counts `tokens` of each sequence more, or fewer."""
    signature.token_correction += tokens * signature.batch_size // signature.role.beams
