"""The function mode of a recording, and how a thread is for a while without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NoReturn

import torch
from torch._C._functorch import peek_interpreter_stack
from torch.overrides import (
    TorchFunctionMode,
    _get_current_function_mode_stack,
    _pop_mode,
    _push_mode,
)

from irene_jupyter.capture.count.counting import canonical_name
from irene_jupyter.capture.count.elementwise import without_kernel
from irene_jupyter.capture.count.kernels import CALLS_BACK, Kernels
from irene_jupyter.frames import strip_own_frames

if TYPE_CHECKING:
    from irene_jupyter.capture.record.recording import Recording


class FunctionMode(TorchFunctionMode):
    """Hands every torch function call of this thread to the recording, after it has run."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__name__", "") == "__get__":  # an attribute, such as a shape
            return func(*args, **(kwargs or {}))
        name = canonical_name(func)
        # Tensors are one example's, or the work is a backward pass's: what runs below tells.
        is_hidden = name in CALLS_BACK or peek_interpreter_stack() is not None
        out = None
        recording, is_timed = self._recording, False
        if not is_hidden:
            if recording.is_dry:
                out = without_kernel(name, func, args, kwargs or {})
            elif is_timed := recording.may_be_leaf(name):
                recording.course.function_begins(id(func))
        if name == "grouped_mm" and args[0].is_meta:
            # torch 2.13's meta kernel refuses all but bfloat16; its shape is all that counts here
            out = _GroupedOnMeta.apply(args[0], args[1])  # type: ignore[no-untyped-call]
        elif out is None:
            try:
                recording.is_inside_function = True
                with Kernels(recording.kernel_called) if is_hidden else nullcontext():
                    out = func(*args, **(kwargs or {}))
            except BaseException as error:
                if is_timed:
                    recording.course.function_failed()
                strip_own_frames(error)
                raise
            finally:
                recording.is_inside_function = False
        if not is_hidden:
            told = recording.function_timed if is_timed else recording.function_called
            told(name, func, args, kwargs or {}, out)
        return out


class _GroupedOnMeta(torch.autograd.Function):
    """A grouped product without data, which keeps for its backward pass what the real one does."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(rows, weights)
        return rows.new_empty(rows.shape[0], weights.shape[-1])

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> NoReturn:
        raise NotImplementedError("traces without data have no backward pass")


@contextmanager
def without(mode: TorchFunctionMode) -> Iterator[None]:
    """This thread without a mode, which afterwards lies where it lay among the others."""
    modes = _get_current_function_mode_stack()  # type: ignore[no-untyped-call]
    if mode not in modes:
        yield
        return
    above = len(modes) - modes.index(mode) - 1
    _replace_top(above + 1, modes[len(modes) - above :])
    try:
        yield
    finally:
        _replace_top(above, [mode, *modes[len(modes) - above :]])


def _replace_top(count: int, modes: Sequence[Any]) -> None:
    for _ in range(count):
        _pop_mode()  # type: ignore[no-untyped-call]
    for each in modes:
        _push_mode(each)  # type: ignore[no-untyped-call]
