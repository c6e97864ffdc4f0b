"""Tensors in place of the user's: without data where shapes are enough, else with their values."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, NoReturn, cast

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from irene_jupyter.capture.copies.isolation import Sealed
from irene_jupyter.capture.copies.values import MetaValues
from irene_jupyter.errors import CaptureError

# The tensors that a copy has: on meta; fake ones, which know the device that they stand for; or
# real ones, the user's own parameters and copies of all else.
Kind = Literal["meta", "fake", "real"]
KINDS: tuple[Kind, ...] = ("meta", "fake", "real")


class Bare:
    """Makes the tensors of one kind. `mode` is the context in which they are used.

    Real ones that stand for those on meta are on `device`, None being the CPU, and all `value`.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.device: torch.device | None = None
        self.value = 0
        self.mode: AbstractContextManager[Any]
        self._values: MetaValues | None = None
        if kind == "meta":
            self.mode = self._values = MetaValues()
        elif kind == "real":
            self.mode = Sealed()
        else:
            from torch._subclasses.fake_tensor import FakeTensorMode

            self.mode = FakeTensorMode(allow_non_fake_inputs=True)

    @contextlib.contextmanager
    def copying(self) -> Iterator[None]:
        """Classes with a `__deepcopy__` of their own copy no data within it."""
        with _DeepCopying(self.of):
            yield

    def of(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor that stands for `tensor`; of a parameter a parameter.

        Raises `CaptureError` where none can be made without data.
        """
        with torch._C.DisableTorchFunction():
            if is_lazy(tensor):
                device = torch.device("meta") if self.kind == "meta" else tensor.device
                kind: Any = type(tensor)
                return cast(torch.Tensor, kind(tensor.requires_grad, device, tensor.dtype))
            if self.kind == "real":
                return self._real(tensor)
            try:
                return self._empty(tensor)
            except Exception as error:  # torch has no quantised or nested ones without data
                raise CaptureError(
                    f"a {type(tensor).__name__} of {tensor.dtype} cannot be traced without data "
                    f"({type(error).__name__}): run the model in the cell"
                ) from error

    def keep_script(self, module: torch.jit.ScriptModule) -> None:
        """Raises `CaptureError` where scripted code, which is not copied, cannot be called."""
        if self.kind != "real":
            raise CaptureError("TorchScript hides its tensors: run the model in the cell")

    def _empty(self, tensor: torch.Tensor) -> torch.Tensor:
        device = "meta" if self.kind == "meta" else "cpu"
        if is_traceable_wrapper_subclass(tensor):
            names, context = tensor.__tensor_flatten__()
            inner = {name: self.of(getattr(tensor, name)) for name in names}
            size, stride = tensor.size(), tensor.stride()
            made = type(tensor).__tensor_unflatten__(inner, context, size, stride)
        elif tensor.layout is torch.strided and not tensor.is_nested:
            made = torch.empty_strided(
                tensor.size(), tensor.stride(), dtype=tensor.dtype, device=device
            )
        else:
            made = torch.empty_like(tensor, device=device)
        if self._values is not None and self.value and type(tensor) is torch.Tensor:
            self._values.keep(made, tensor)  # of an argument: a parameter's are the user's
        return _like(tensor, made)

    def _real(self, tensor: torch.Tensor) -> torch.Tensor:
        if tensor.is_meta:
            device = self.device or torch.device("cpu")
            made = torch.full(tensor.size(), self.value, dtype=tensor.dtype, device=device)
            return _like(tensor, made)
        if isinstance(tensor, nn.Parameter):
            return tensor
        return tensor.detach().clone()


def _like(tensor: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
    """`made` with the class of `tensor`: a parameter's makes it one."""
    kind = type(tensor)
    if kind is nn.Parameter:
        return nn.Parameter(made, requires_grad=tensor.requires_grad)
    if kind is torch.Tensor or isinstance(made, kind) or is_traceable_wrapper_subclass(tensor):
        return made
    return torch.Tensor._make_subclass(kind, made, tensor.requires_grad)


class _DeepCopying(TorchFunctionMode):
    """What is deeply copied or cloned, by whatever class, is made by `convert` instead."""

    def __init__(self, convert: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self._convert = convert

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func in (torch.Tensor.__deepcopy__, torch.Tensor.clone, torch.clone):
            with torch._C.DisableTorchFunction():
                return self._convert(args[0])
        return func(*args, **(kwargs or {}))


class Uncopyable:
    """Stands in a copy for what cannot be copied; who uses it gets a `CaptureError`."""

    def __init__(self, kind: type, reason: Exception) -> None:
        self.__dict__.update(_irene_kind=kind.__name__, _irene_reason=reason)

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        kind, reason = self.__dict__["_irene_kind"], self.__dict__["_irene_reason"]
        raise CaptureError(
            f"its {kind} cannot be copied to be traced without running it "
            f"({type(reason).__name__}: {reason}): run it in the cell"
        ) from reason

    __call__ = __enter__ = __iter__ = __next__ = __len__ = __contains__ = _refuse
    __getattr__ = __getitem__ = __setitem__ = __setattr__ = __delattr__ = _refuse
