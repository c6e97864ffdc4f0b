"""Values of small tensors on meta: what a model's code asks of grids, lengths, masks and positions.

A tensor on meta has a shape and no values, so code that splits images by their grid, or takes the
places that a mask marks, stops there. Such bookkeeping follows from a few small tensors that are
known; so their values are computed beside them, on the CPU, and never those of the model's data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import Any, Self

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _disable_current_modes
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakIdKeyDictionary

MOST_ELEMENTS = 2**22  # of a tensor whose values are kept

# What is asked for values, and what makes them from none. Nothing random: that moves the state.
_QUESTIONS = frozenset(
    ("item", "tolist", "numpy", "equal", "allclose", "is_nonzero", "__bool__", "__int__",
     "__float__", "__index__", "__contains__")
)  # fmt: skip
_GUESSED = frozenset(("item", "is_nonzero", "__bool__", "equal", "allclose"))
_MADE = frozenset(("arange", "tensor", "as_tensor", "zeros", "ones", "full", "linspace", "eye"))
_LIKE = frozenset(
    ("zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full", "new_tensor")
)
_CHOSEN = frozenset(("__getitem__", "__setitem__"))


class MetaValues(TorchFunctionMode):
    """Within it tensors are made on meta, and values that follow from known ones are known.

    With `guesses`, who asks for a value that is not known is told True: that a mask, say, has no
    padding. Without, torch raises as it does.
    """

    def __init__(self, *, guesses: bool = False) -> None:
        super().__init__()
        self._values: MutableMapping[Any, torch.Tensor] = WeakIdKeyDictionary()
        self._guesses = guesses
        self._device: AbstractContextManager[Any] = torch.device("meta")

    def __enter__(self) -> Self:
        self._device.__enter__()
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        self._device.__exit__(None, None, None)

    def keep(self, bare: torch.Tensor, like: torch.Tensor) -> None:
        """Makes the values of `like` known of `bare`, if they are known and few."""
        known = self._values.get(like) if like.is_meta else like
        if known is not None and known.numel() <= MOST_ELEMENTS:
            self._values[bare] = known.detach().clone()

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name == "__get__":
            return func(*args, **kwargs)
        first = args[0] if args else None
        if (  # nearly every call: on data of the model
            isinstance(first, torch.Tensor)
            and name not in _QUESTIONS
            and name not in _LIKE
            and first.is_meta
            and first not in self._values
        ):
            return self._unknown(func, name, args, kwargs)
        given = [v for v in tree_leaves((args, kwargs)) if isinstance(v, torch.Tensor)]
        bare = [tensor for tensor in given if tensor.is_meta]
        if not (bare or name in _MADE):
            return func(*args, **kwargs)
        is_known = name in _LIKE or all(tensor in self._values for tensor in bare)
        if name in _QUESTIONS:
            if is_known:
                return self._computed(func, args, kwargs)
            return True if self._guesses and name in _GUESSED else func(*args, **kwargs)
        if not is_known or any(tensor.numel() > MOST_ELEMENTS for tensor in bare):
            return self._unknown(func, name, args, kwargs)
        if name == "__setitem__":
            self._computed(func, args, kwargs)
        return self._known(func, args, kwargs)

    def _known(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """The result on meta, and its values; its shape from them where it depends on values."""
        try:
            result = func(*args, **kwargs)
        except (NotImplementedError, RuntimeError):
            return tree_map(
                lambda v: self._on_meta(v) if isinstance(v, torch.Tensor) else v,
                self._computed(func, args, kwargs),
            )
        leaves = tree_leaves(result)
        if any(isinstance(v, torch.Tensor) and v.is_meta for v in leaves) and all(
            v.numel() <= MOST_ELEMENTS for v in leaves if isinstance(v, torch.Tensor)
        ):
            values = tree_leaves(self._computed(func, args, kwargs))
            for one, value in zip(leaves, values, strict=True):
                if isinstance(one, torch.Tensor) and one.is_meta:
                    self._values[one] = value
        return result

    def _unknown(
        self, func: Callable[..., Any], name: str, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        """A call on a tensor of unknown values, which may be told by known ones what to take."""
        if name in _CHOSEN:
            args = (args[0], self._places(args[1]), *args[2:])
        elif name == "repeat_interleave" and len(args) > 1 and args[1] in self._values:
            kwargs.setdefault("output_size", int(self._values[args[1]].sum()))
        is_writing = name == "__setitem__" or (name.endswith("_") and not name.startswith("_"))
        if is_writing and args and isinstance(args[0], torch.Tensor):
            self._values.pop(args[0], None)
        try:
            return func(*args, **kwargs)
        except RuntimeError:  # a size, or the end of a slice, that is a tensor
            numbers = _mapped(self._number, (args, kwargs))
            return func(*numbers[0], **numbers[1])

    def _number(self, value: Any) -> Any:
        known = self._values.get(value) if isinstance(value, torch.Tensor) else None
        return value if known is None or known.dim() or known.is_floating_point() else known.item()

    def _places(self, index: Any) -> Any:
        """An index whose masks are known, as the numbers of the places that they mark."""
        parts = index if isinstance(index, tuple) else (index,)
        found: list[Any] = []
        for part in parts:
            values = self._values.get(part) if isinstance(part, torch.Tensor) else None
            if values is None or values.dtype != torch.bool:
                found.append(part)
            else:
                with torch._C.DisableTorchFunction():
                    found += [self._on_meta(each) for each in values.nonzero(as_tuple=True)]
        return tuple(found) if isinstance(index, tuple) or len(found) > 1 else found[0]

    def _computed(self, func: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> Any:
        def real(value: Any) -> Any:
            if isinstance(value, torch.Tensor) and value.is_meta:
                known = self._values.get(value)
                return torch.zeros(value.shape, dtype=value.dtype) if known is None else known
            is_place = isinstance(value, torch.device | str) and str(value) == "meta"
            return torch.device("cpu") if is_place else value

        with torch._C.DisableTorchFunction(), _disable_current_modes():
            real_args, real_kwargs = tree_map(real, (args, dict(kwargs)))
            return func(*real_args, **real_kwargs)

    def _on_meta(self, value: torch.Tensor) -> torch.Tensor:
        bare = torch.empty_like(value, device="meta")
        if value.numel() <= MOST_ELEMENTS:
            self._values[bare] = value
        return bare


def _mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """`value` with each part replaced by what `function` makes of it, ends of slices too."""
    if isinstance(value, tuple | list):
        return type(value)([_mapped(function, each) for each in value])
    if isinstance(value, dict):
        return {key: _mapped(function, each) for key, each in value.items()}
    if isinstance(value, slice):
        return slice(*(function(each) for each in (value.start, value.stop, value.step)))
    return function(value)
