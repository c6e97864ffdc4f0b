"""A model, its outputs and the process at two moments, compared to the bit."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks_with_kwargs",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)
_DEEPEST = 8  # an output holds caches, which hold layers, which hold tensors


def seed() -> None:
    """The random states from which each of the runs starts."""
    torch.manual_seed(7)
    random.seed(7)
    np.random.seed(7)


def randomness() -> dict[str, Any]:
    """The random states of torch, numpy and Python, to compare."""
    _, keys, position, has_gauss, gauss = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "numpy": [torch.from_numpy(np.asarray(keys, dtype=np.int64)), position, has_gauss, gauss],
        "python": random.getstate(),
    }


def outside() -> tuple[Any, ...]:
    """What a measurement patches or sets for a while, outside the model."""
    from torch.nn.modules import module
    from torch.optim import optimizer

    return (
        nn.Module.__call__,
        nn.Module.__init__,
        nn.Module.__setstate__,
        torch.compile,
        torch.autograd.backward,
        torch.autograd.grad,
        module._has_any_global_hook(),
        len(optimizer._global_optimizer_pre_hooks),
        torch._C._len_torch_function_stack(),
        torch._C._len_torch_dispatch_stack(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_default_dtype(),
        torch.get_default_device(),
    )


class Snapshot:
    """A model at one moment: its modules, their flags, hooks and attributes, its tensors."""

    def __init__(self, model: nn.Module) -> None:
        named = list(tensors(model))
        self._held: list[tuple[str, Any]] = list(named)  # so that no `id` is used again
        self.tensors = {
            name: (id(each), each.data_ptr() if _has_data(each) else None, each.dtype,
                   str(each.device), tuple(each.shape), each.requires_grad)
            for name, each in named
        }  # fmt: skip
        self.values = {
            name: each.detach().clone() if _has_data(each) else None for name, each in named
        }
        self.modules: dict[str, Any] = {}
        for path, module in model.named_modules(remove_duplicate=False):
            hooks = tuple((name, tuple(getattr(module, name, None) or ())) for name in _HOOKS)
            attributes = {name: self._seen(value) for name, value in vars(module).items()}
            self.modules[path] = (id(module), type(module), module.training, hooks, attributes)

    def _seen(self, value: Any) -> Any:
        """A plain value itself, else which object it is; so for each in a container, too."""
        if value is None or isinstance(value, str | bytes | bool | int | float):
            return repr(value)
        self._held.append(("", value))
        if isinstance(value, Mapping):
            return id(value), {str(key): self._one(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return id(value), [self._one(each) for each in value]
        return id(value)

    def _one(self, value: Any) -> Any:
        is_plain = value is None or isinstance(value, str | bytes | bool | int | float)
        if not is_plain:
            self._held.append(("", value))
        return repr(value) if is_plain else id(value)

    def changes(self, after: Snapshot) -> list[str]:
        """What is not as it was, in words that are the same for the same change."""
        found = []
        for path in {**self.modules, **after.modules}:
            one, two = self.modules.get(path), after.modules.get(path)
            if one != two:
                what = (
                    [name for name, a, b in zip(_OF_MODULES, one, two, strict=True) if a != b]
                    if one and two
                    else ["there at all"]
                )
                if one and two and one[-1] != two[-1]:
                    keys = [n for n in {**one[-1], **two[-1]} if one[-1].get(n) != two[-1].get(n)]
                    what.append(" ".join(keys))
                found.append(f"module {path!r}: {', '.join(what)}")
        for name in {**self.tensors, **after.tensors}:
            one, two = self.tensors.get(name), after.tensors.get(name)
            if one != two:
                what = (
                    [key for key, a, b in zip(_OF_TENSORS, one, two, strict=True) if a != b]
                    if one and two
                    else ["there at all"]
                )
                found.append(f"tensor {name!r}: {', '.join(what)}")
        return found


_OF_MODULES = ("identity", "class", "training", "hooks", "attributes")
_OF_TENSORS = ("identity", "memory", "dtype", "device", "shape", "requires_grad")


def tensors(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from model.named_parameters(remove_duplicate=False)
    yield from model.named_buffers(remove_duplicate=False)


def _has_data(tensor: torch.Tensor) -> bool:
    return tensor.device.type != "meta" and not isinstance(
        tensor, torch.nn.parameter.UninitializedTensorMixin
    )


# --- comparing ----------------------------------------------------------------------------------


def tensors_of(value: Any, depth: int = 0) -> Iterator[torch.Tensor]:
    """All tensors in a value: in containers, and in the objects that models return."""
    if isinstance(value, torch.Tensor):
        yield value
    elif depth < _DEEPEST:
        for _, each in _items(value):
            yield from tensors_of(each, depth + 1)


def _items(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(str(key), each) for key, each in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [(str(index), each) for index, each in enumerate(value)]
    is_plain = isinstance(value, str | bytes | int | float | type | nn.Module) or value is None
    if is_plain or callable(value) or not hasattr(value, "__dict__"):
        return []
    return list(vars(value).items())


def same(one: Any, two: Any, depth: int = 0) -> bool:
    return difference(one, two, depth) is None


def difference(one: Any, two: Any, depth: int = 0) -> str | None:
    """Where two values differ, in words; None where all their bits are the same."""
    if type(one) is not type(two):
        return f"a {type(one).__name__} and a {type(two).__name__}"
    if isinstance(one, torch.Tensor):
        return _different_tensors(one, two)
    if isinstance(one, str | int | float | bool) or one is None:
        return None if one == two or one != one else f"{one!r} and {two!r}"[:200]
    if depth >= _DEEPEST:
        return None
    ours, theirs = _items(one), _items(two)
    if [name for name, _ in ours] != [name for name, _ in theirs]:
        return f"not the same parts in {type(one).__name__}"
    for (name, a), (_, b) in zip(ours, theirs, strict=True):
        found = difference(a, b, depth + 1)
        if found is not None:
            return f"{name}: {found}"
    return None


def _different_tensors(one: torch.Tensor, two: torch.Tensor) -> str | None:
    about = [(t.shape, t.dtype, t.device, t.requires_grad, t.layout) for t in (one, two)]
    if about[0] != about[1]:
        return f"{about[0]} and {about[1]}"
    if one.device.type == "meta" or one.layout != torch.strided or one.numel() == 0:
        return None
    if type(one) not in (torch.Tensor, nn.Parameter):
        return None
    a, b = (t.detach().contiguous().reshape(-1).view(torch.uint8) for t in (one, two))
    if torch.equal(a, b):
        return None
    worst = (
        (one.detach().double() - two.detach().double()).abs().max() if not one.is_complex() else "?"
    )
    return f"other bits, by up to {float(worst):.3g}"
