"""Work below torch's functions: what kernels they consist of.

torch itself is asked: a function is called once on tensors without data, under a dispatch mode
that counts the kernels. So `tensordot`, `einsum` or `linalg.multi_dot` need no rule of ours.
Users' own functions are never called.
"""

from __future__ import annotations

import logging
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch
from torch._ops import HigherOrderOperator, OpOverload, OpOverloadPacket
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils.flop_counter import flop_registry

from irene_jupyter.capture.count.cost import Args, Cost, Kwargs
from irene_jupyter.capture.count.formulas import packet_of
from irene_jupyter.capture.count.tensors import tensors_in

logger = logging.getLogger(__name__)

_KEPT = 1024  # calls whose kernels are remembered, by name and shapes
# Functions of torch that call the user's, or run a backward pass: what they do is seen as it runs.
CALLS_BACK = frozenset({"grad", "backward", "triplet_margin_with_distance_loss"})
_TORCHS = ("torch._C", "torch._VF", "torch.functional", "torch.nn.functional", "torch._tensor")


@cache
def is_kernel(name: str) -> bool:
    """Whether the aten operation of that name is one kernel, or torch decomposes it further."""
    packet = packet_of(name)
    if not isinstance(packet, OpOverloadPacket):
        return name.startswith("__")
    key = "CompositeImplicitAutograd"
    return not any(
        torch._C._dispatch_has_kernel_for_dispatch_key(getattr(packet, each).name(), key)
        for each in packet.overloads()  # type: ignore[no-untyped-call]
        if torch._C._dispatch_has_kernel(getattr(packet, each).name())
    )


class Kernels(TorchDispatchMode):
    """While it is active, `called` is told of every aten operation: (function, args, kwargs, out).

    Operations that consist of others are taken apart, as `FlopCounterMode` does.
    """

    supports_higher_order_operators = True

    def __init__(self, called: Callable[[Any, Any, Any, Any], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._called = called

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if isinstance(func, OpOverload) and func.namespace == "aten" and not _is_known(func):
            with self:
                out = func.decompose(*args, **given)
            if out is not NotImplemented:
                return out
        with torch._C.DisableTorchFunction():  # to function modes this is no call of its own
            out = func(*args, **given)
        self._called(func, args, given, out)
        return out


@cache
def _is_known(func: Any) -> bool:
    packet = func._overloadpacket
    return packet in flop_registry or not bool(func._can_decompose())


class _NotPlainError(Exception):
    """An argument that cannot be made without data, or a function that is not torch's own."""


_work: OrderedDict[Any, Cost | None] = OrderedDict()


def work_of(
    function: Any, args: Args, kwargs: Kwargs, count: Callable[[Any, Any, Any, Any], Cost | None]
) -> Cost | None:
    """The sum of `count` over the kernels of one of torch's functions, called without data.

    None where that is not possible. `args` are not touched; users' modes see nothing of it.
    """
    try:
        key = function, _key(args), _key(dict(kwargs))
        known = _work.get(key)
    except (_NotPlainError, TypeError):
        return None
    if known is None and key not in _work:
        known = _work[key] = _made(function, args, kwargs, count)
        while len(_work) > _KEPT:
            _work.popitem(last=False)
    return known


def _made(
    function: Any, args: Args, kwargs: Kwargs, count: Callable[[Any, Any, Any, Any], Cost | None]
) -> Cost | None:
    total = Cost()

    def called(func: Any, inner: Any, given: Any, out: Any) -> None:
        cost = count(func, inner, given, out)
        if cost is not None:
            nonlocal total
            total += cost

    try:
        with _disable_current_modes(), torch._C.DisableTorchFunction(), torch.no_grad():
            bare = _bare(tuple(args)), _bare(dict(kwargs))
            with Kernels(called), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                function(*bare[0], **bare[1])
    except Exception as error:  # whatever torch raises where values are needed
        logger.debug("%s cannot be called without data: %s", function, error)
        return None
    return total


def is_composite(name: str, function: Any, args: Args, kwargs: Kwargs) -> bool:
    """Whether a call on tensors is of torch's own function and consists of several kernels.

    What makes tensors of nothing would make them, and draw random numbers, for real.
    """
    return not is_kernel(name) and _is_torchs(function) and bool(tensors_in((args, kwargs)))


def _is_torchs(function: Any) -> bool:
    """Whether a function is torch's own, and calls nothing of the user's."""
    if isinstance(function, OpOverload | OpOverloadPacket):
        return str(function).startswith(("aten.", "prims."))
    module = getattr(function, "__module__", None)
    name = getattr(function, "__name__", "")
    if isinstance(function, HigherOrderOperator) or name in CALLS_BACK:
        return False
    if module is None:  # methods of torch.Tensor
        return bool(getattr(function, "__objclass__", None) is torch._C.TensorBase)
    return module == "torch" or str(module).startswith(_TORCHS)


_PLAIN = (bool, int, float, complex, str, torch.dtype, torch.layout, torch.memory_format)


def _key(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        if value.layout is not torch.strided or value.is_nested or value.is_quantized:
            raise _NotPlainError
        return tuple(value.shape), value.dtype
    if isinstance(value, list | tuple):
        return type(value) is list, *map(_key, value)
    if isinstance(value, dict):
        return tuple((name, _key(item)) for name, item in value.items())
    if value is None or isinstance(value, _PLAIN):
        return type(value), value
    if isinstance(value, torch.device):
        return "device"
    raise _NotPlainError


def _bare(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return torch.empty(tuple(value.shape), dtype=value.dtype, device="meta")
    if isinstance(value, list | tuple):
        items = [_bare(item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        place = {"device": torch.device("meta")} if value.get("device") else {}
        return {name: _bare(item) for name, item in value.items()} | place
    return torch.device("meta") if isinstance(value, torch.device) else value
