"""What torch knows of this process's work on GPUs; nothing is imported or begun for it."""

from __future__ import annotations

import sys
from contextlib import suppress

_MOST_BOARDS = 64


def synchronise() -> bool:
    """Waits until the GPU has done what this process gave it; False where it gave it nothing."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return False
    with suppress(Exception):  # a failed kernel is the user's own: torch tells it again
        torch.cuda.synchronize()
    return True


def boards_used() -> frozenset[str] | None:
    """The UUIDs of the boards on which this process has had memory by torch; None: not known."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return frozenset()
    try:
        return frozenset(
            f"GPU-{torch.cuda.get_device_properties(index).uuid}"
            for index in range(min(torch.cuda.device_count(), _MOST_BOARDS))
            if torch.cuda.max_memory_allocated(index) > 0
        )
    except (AttributeError, RuntimeError):
        return None


def board_name(device: str) -> str | None:
    """The name of a GPU that torch calls "cuda:0", as its driver has it; None if not known."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    try:
        return str(torch.cuda.get_device_properties(torch.device(device)).name)
    except (AssertionError, RuntimeError, AttributeError):
        return None
