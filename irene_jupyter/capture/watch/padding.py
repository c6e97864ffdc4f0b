"""How much of what a model was given is padding, by the mask that says so."""

from __future__ import annotations

import ctypes
import logging
import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

logger = logging.getLogger(__name__)

_MASK = "attention_mask"  # as transformers' tokenizers make it: rows × tokens, 0 is padding


class Padding:
    """The mask of one call: read at once where that needs no GPU, else after the cell.

    Nobody waits for a GPU while the cell runs, and nothing is kept alive for it: a mask that is
    gone by then, or was changed, tells nothing.
    """

    __slots__ = ("_mask", "_share", "_version")

    def __init__(self, kwargs: Mapping[str, Any]) -> None:
        self._share: float | None = None
        self._mask: weakref.ref[torch.Tensor] | None = None
        try:
            self._look(kwargs.get(_MASK))
        except Exception as error:  # a mask that defies it must not stop the user
            logger.debug("a mask was not read", exc_info=error)

    def _look(self, mask: Any) -> None:
        # A subclass of tensors may compute what it likes when it is asked.
        if type(mask) is not torch.Tensor or mask.dim() != 2 or mask.is_floating_point():
            return
        if mask.device.type == "cpu":
            self._share = _share(mask)
        elif mask.device.type == "cuda" and not mask.is_inference():  # else no changes are told
            self._mask, self._version = weakref.ref(mask), mask._version

    def share(self) -> float | None:
        """Of the tokens, 0 to 1; None where it is not known. Only after the cell."""
        mask = None if self._mask is None else self._mask()
        if mask is not None and mask._version == self._version:
            self._share, self._mask = _share(mask.cpu()), None
        return self._share


def _share(mask: torch.Tensor) -> float | None:
    """By its memory: functions of torch would be seen by modes of the user's."""
    if not mask.numel() or not mask.is_contiguous():
        return None
    size = mask.element_size()
    values = np.frombuffer(ctypes.string_at(mask.data_ptr(), mask.numel() * size), f"u{size}")
    return float((values == 0).mean())
