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

from irene_jupyter.capture.steps import Place, cache_length, proposed_tokens
from irene_jupyter.frames import strip_own_frames

if TYPE_CHECKING:
    from irene_jupyter.capture.recorder import Signature

_CROP = "crop"  # the method of transformers' caches


@dataclass(slots=True)
class _Call:
    """The last call with a cache: it read the tokens from `start` to `end`."""

    cache: weakref.ref[Any]
    signature: Signature
    start: int
    end: int
    prompt_end: int  # where the tokens begin that are proposed, not given
    has_prompt: bool
    carried: int = 0  # proposed tokens that were read with the prompt and stayed


class Caches:
    """Corrects the phase and the tokens of signatures by what is taken back from their caches.

    A cache's `crop` is wrapped from its first call on, until `uninstall`. A length that is shorter
    at the next call tells of other ways.
    """

    def __init__(self) -> None:
        self._last: dict[int, _Call] = {}  # by `id` of the cache
        self._verifying: set[int] = set()  # caches from which tokens were taken back
        self._wrapped: dict[type, tuple[Callable[..., Any], Callable[..., Any]]] = {}
        self._lock = threading.Lock()

    def called(self, cache: Any, signature: Signature, cached: int, place: Place | None) -> None:
        """A call of `signature` begins, with `cached` tokens in `cache`."""
        try:
            reference = weakref.ref(cache)
        except TypeError:  # a class of the user's, of the kind that cannot be referred to
            return
        self._wrap(type(cache))
        with self._lock:
            last = self._last.get(id(cache))
            if last is not None and last.cache() is cache:
                if 0 < last.start < cached < last.end:
                    self._settle(last, cached)
                _correct(signature, last.carried)
            else:
                self._verifying.discard(id(cache))
            end = cached + signature.inputs.seq_len
            is_prompt = place == "prompt" and not signature.role.is_draft
            given = end - (proposed_tokens() if is_prompt else 0)
            if place is None and cached and id(cache) in self._verifying:
                signature.phase = "decode"
            self._last[id(cache)] = _Call(reference, signature, cached, end, given, is_prompt)

    def uninstall(self) -> None:
        """The caches' classes as they were; who has wrapped over us since then stays."""
        for kind, (original, wrapper) in self._wrapped.items():
            if vars(kind).get(_CROP) is wrapper:
                setattr(kind, _CROP, original)
        self._wrapped = {}
        self._last = {}

    def _settle(self, call: _Call, length: int) -> None:
        """After `call` its cache was cut back to `length`."""
        if not call.start < length <= call.end or call.signature.role.is_draft:
            return
        _correct(call.signature, length - call.end)
        call.end = length
        if call.has_prompt:  # what was accepted beyond the prompt is the next step's
            kept = max(0, length - call.prompt_end)
            _correct(call.signature, call.carried - kept)
            call.carried = kept
        elif call.start > 0:
            call.signature.phase = "decode"
            self._verifying.add(id(call.cache()))

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
                    last = self._last.get(id(cache))
                    length = cache_length(cache)
                    if last is not None and last.cache() is cache and length is not None:
                        self._settle(last, length)
            return result

        return crop


def _correct(signature: Signature, tokens: int) -> None:
    """Counts `tokens` of each sequence more, or fewer."""
    rows = signature.inputs.batch_size // signature.role.beams
    signature.token_correction += rows * tokens
