"""What runs for our sake alone leaves no trace in what the user or another thread can see.

Within `isolated`, this thread draws its random numbers from generators of ours, calls none of the
user's global hooks, and runs compiled functions as they were written. Other threads notice nothing:
nothing is put back that they could have changed meanwhile.
"""

from __future__ import annotations

import contextlib
import functools
import random
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch._guards import TracingContext, tracing
from torch._subclasses.fake_tensor import is_fake
from torch.nn.modules import module as torch_module
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from irene_jupyter.errors import CaptureError

_DRAWING = frozenset(
    (
        *("rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial", "poisson"),
        *("rand_like", "randn_like", "randint_like", "normal_", "uniform_", "bernoulli_"),
        *("exponential_", "random_", "cauchy_", "log_normal_", "geometric_", "binomial"),
        "kaiming_uniform_",
    )
)
# Their schemas do not say that they move the running statistics.
_BATCH_NORMS = ("native_batch_norm", "cudnn_batch_norm", "miopen_batch_norm")


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """The context for calling a copy of the user's code, without gradients."""
    # A compiled function that is called while a kernel is looked for runs without its compiler:
    # what set_stance("force_eager") does in all threads, in this one.
    kernel: Any = types.SimpleNamespace(in_kernel_invocation=True, shape_env=None)
    with torch.no_grad(), tracing(TracingContext(kernel)), own_random_numbers():
        yield


@contextlib.contextmanager
def own_random_numbers() -> Iterator[None]:
    """This thread draws from generators of ours, and calls none of the hooks on all modules."""
    with _aside(), _Drawing():
        yield


class _Drawing(TorchFunctionMode):
    """Random numbers that are asked for by name come from a generator of ours; on meta are none."""

    def __init__(self) -> None:
        super().__init__()
        self._generator = torch.Generator().manual_seed(0)

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in _DRAWING and kwargs.get("generator") is None:
            given = [arg for arg in (*args, *kwargs.values()) if isinstance(arg, torch.Tensor)]
            place = given[0].device if given else kwargs.get("device", "cpu")
            if torch.device(place).type == "cpu" and not any(map(is_fake, given)):
                kwargs = {**kwargs, "generator": self._generator}
        return func(*args, **kwargs)


class Sealed(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """For code that runs on real tensors: it writes to none that was there before.

    Within it all random numbers that a generator can be given for come from one of ours. Raises
    `CaptureError` where the code would change a tensor of the user's.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._generators: dict[str, torch.Generator] = {}
        self._own: set[int] = set()  # addresses of storages that were made within it

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        for tensor in _written(func, args, kwargs):
            if _storage(tensor) not in self._own:
                raise CaptureError(
                    "its forward pass changes tensors that are not its buffers: run it in the cell"
                )
        if torch.Tag.nondeterministic_seeded in func.tags and kwargs.get("generator") is None:
            device = _device(args, kwargs)
            seeded = _seeded(func)
            if seeded is not None and device.type != "meta":
                kwargs = {**kwargs, "generator": self._generator(device)}
                func = seeded
        out = func(*args, **kwargs)
        for tensor in out if isinstance(out, tuple | list) else (out,):
            if isinstance(tensor, torch.Tensor) and not self._is_view(tensor, args):
                self._own.add(_storage(tensor))
        return out

    @staticmethod
    def _is_view(tensor: torch.Tensor, args: Sequence[Any]) -> bool:
        given = {_storage(arg) for arg in args if isinstance(arg, torch.Tensor)}
        return _storage(tensor) in given

    def _generator(self, device: torch.device) -> torch.Generator:
        known = self._generators.get(str(device))
        if known is None:
            known = self._generators[str(device)] = torch.Generator(device).manual_seed(0)
        return known


def _storage(tensor: torch.Tensor) -> int:
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):  # sparse and opaque ones have none
        return id(tensor)


def _written(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[torch.Tensor]:
    """The tensors that an operation is to change."""
    schema = func._schema
    if schema.name.partition("::")[2] in _BATCH_NORMS and args[5]:
        yield from (tensor for tensor in args[3:5] if tensor is not None)
    if not schema.is_mutable:
        return
    for place, argument in enumerate(schema.arguments):
        if argument.alias_info is None or not argument.alias_info.is_write:
            continue
        given = args[place] if place < len(args) else kwargs.get(argument.name)
        for tensor in given if isinstance(given, list | tuple) else (given,):
            if isinstance(tensor, torch.Tensor):
                yield tensor


def _device(args: Sequence[Any], kwargs: Mapping[str, Any]) -> torch.device:
    given = next((arg for arg in args if isinstance(arg, torch.Tensor)), None)
    return given.device if given is not None else torch.device(kwargs.get("device") or "cpu")


@functools.lru_cache(maxsize=256)
def _seeded(func: Any) -> Any:
    """The overload of a random operation that takes a generator; None where there is none."""
    names = [argument.name for argument in func._schema.arguments]
    for overload in (
        func,
        *(getattr(func.overloadpacket, n) for n in func.overloadpacket.overloads()),
    ):
        others = [argument.name for argument in overload._schema.arguments]
        if "generator" in others and [n for n in others if n != "generator"] == [
            n for n in names if n != "generator"
        ]:
            return overload
    return None


# --- Python's and numpy's random numbers, and hooks on all modules -----------------------------


class _Local(threading.local):
    is_aside = False


_local = _Local()
_lock = threading.Lock()
_depth = 0
_restore: list[Callable[[], None]] = []


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    """This thread's calls of the global generators and hooks go elsewhere; others' do not."""
    global _depth
    with _lock:
        _depth += 1
        if _depth == 1:
            _divert()
    before, _local.is_aside = _local.is_aside, True
    try:
        yield
    finally:
        _local.is_aside = before
        with _lock:
            _depth -= 1
            if _depth == 0:
                while _restore:
                    _restore.pop()()


def _divert() -> None:
    _replace(random, random._inst, random.Random(0))
    if "numpy.random" in sys.modules:
        import numpy as np

        _replace(np.random, np.random.mtrand._rand, np.random.RandomState(0))
    for hooks in (torch_module._global_forward_pre_hooks, torch_module._global_forward_hooks):
        for key, hook in list(hooks.items()):
            hooks[key] = _choosing(hook, lambda *args: None)
            _restore.append(functools.partial(_put_back, hooks, key, hooks[key], hook))


def _replace(module: Any, shared: Any, own: Any) -> None:
    """Methods of one generator that are functions of a module become those of ours."""
    for name, function in list(vars(module).items()):
        if getattr(function, "__self__", None) is shared or name == "seed":
            replaced = _choosing(function, getattr(own, function.__name__))
            setattr(module, name, replaced)
            _restore.append(functools.partial(_put_back, vars(module), name, replaced, function))


def _choosing(theirs: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(theirs)
    def choose(*args: Any, **kwargs: Any) -> Any:
        return (ours if _local.is_aside else theirs)(*args, **kwargs)

    return choose


def _put_back(places: Any, name: Any, ours: Any, original: Any) -> None:
    if places.get(name) is ours:  # who replaced or removed it meanwhile stays
        places[name] = original
