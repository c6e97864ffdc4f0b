"""Modules that are hard to copy, or easy to harm: shared, tied, parametrised, lazy, hooked …"""

from __future__ import annotations

import functools
import itertools
import logging
import random
import threading
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

SEEN: list[Any] = []  # what the user's hooks saw
CACHE: dict[int, torch.Tensor] = {}
OUTSIDE = nn.Linear(8, 8)
logger = logging.getLogger("user")


class Shared(nn.Module):
    """One layer under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(8, 8)
        self.two = self.one

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(torch.relu(self.one(x)))


class Tied(nn.Module):
    """One weight of two layers, as of an embedding and the head of a language model."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(10, 8)
        self.head = nn.Linear(8, 10, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.embedding(ids))


class Circle(nn.Module):
    """Two modules that hold each other."""

    def __init__(self, other: Circle | None = None) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 8)
        self.other = other or Circle(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.other.layer(self.layer(x))


class Belongings(nn.Module):
    """Attributes that are no tensors, and some that are, out of sight of `parameters()`."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 8)
        self.lock = threading.RLock()
        self.condition = threading.Condition()
        self.generator = torch.Generator()
        self.numbers = iter(range(100))
        self.stream = (number for number in range(100))
        self.file = Path(__file__).open()  # noqa: SIM115 - it is to be open
        self.logger = logger
        self.table = np.arange(8.0)
        self.masks = [torch.ones(8), {"last": torch.zeros(8)}]
        self.hidden = [nn.Parameter(torch.ones(8))]
        self.derived = self.layer.weight * 2  # no leaf: copy.deepcopy refuses it
        self.parent = weakref.ref(self)
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with self.lock, self.condition:
            self.calls += 1
            self.masks.append(x)
            self.logger.debug("a call")
            assert self.parent() is self
            return self.layer(x) * self.masks[0] + self.hidden[0]


class Remembering(nn.Module):
    """Caches in a global, in the class, and of a function: a tensor of ours must not get there."""

    kept: dict[int, torch.Tensor] = {}  # noqa: RUF012 - shared by all, as people write it

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = x.shape[-1]
        if size not in self.kept:
            self.kept[size] = torch.ones(size)
        x = x * self.kept[size] * ones(size) + self.scale(size)
        return self.layer(x) + from_cache(size)

    @functools.lru_cache(maxsize=4)  # noqa: B019 - as people write it
    def scale(self, size: int) -> torch.Tensor:
        return torch.ones(size)


@functools.lru_cache
def ones(size: int) -> torch.Tensor:
    return torch.ones(size)


def from_cache(size: int) -> torch.Tensor:
    if size not in CACHE:
        CACHE[size] = torch.zeros(size)
    return CACHE[size]


class Outside(nn.Module):
    """Calls a model of the user's that is no part of it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return OUTSIDE(self.layer(x))


class Drawing(nn.Module):
    """Random numbers of three kinds, of real tensors even where all else is on meta."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        np.random.seed(3)  # as transformers' BigBird does
        scale = random.random() + np.random.rand() + float(torch.rand(1, device="cpu"))
        fresh = nn.Linear(8, 8, device="cpu").weight.detach().normal_()
        x = nn.functional.dropout(x + torch.rand_like(x) + torch.randn(8), 0.5, training=True)
        return self.layer(x) * scale + float(fresh.sum())


class Looking(nn.Module):
    """Looks at values, so that it is traced on real tensors; and has state of every kind."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 8)
        self.norm = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(0.5)
        self.register_buffer("steps", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.steps += 1
        if float(x.sum()) > -1:
            x = self.drop(self.norm(self.layer(x)))
        return nn.functional.dropout(x, 0.5, training=True) + torch.randn_like(x)


class Renewing(Looking):
    """Changes its own weights in a forward that looks at values."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = super().forward(x)
        with torch.no_grad():
            self.layer.weight.data.clamp_(-1e-3, 1e-3)
        return x


class Capped(nn.Module):
    """An embedding that renormalises its weights at each call."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(10, 8, max_norm=0.1)
        self.layer = nn.Linear(8, 8)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.layer(self.table(ids)) if int(ids.max()) < 10 else self.layer.weight


class Recorder:
    """A hook that is an object."""

    def __init__(self) -> None:
        self.shapes: list[Any] = []

    def __call__(self, module: nn.Module, args: Any, output: torch.Tensor) -> None:
        self.shapes.append(output)

    def method(self, module: nn.Module, args: Any, output: torch.Tensor) -> None:
        self.shapes.append(output)


def see(module: nn.Module, args: Any, output: torch.Tensor) -> None:
    SEEN.append(output)


def hooked() -> nn.Module:
    """Hooks of all kinds, two of them closures over a list."""
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
    passed: list[Any] = []
    recorder = Recorder()
    model.register_forward_hook(see)
    model.register_forward_hook(lambda module, args, output: passed.append(output))
    model[0].register_forward_hook(recorder)
    model[0].register_forward_hook(recorder.method)
    model[0].register_forward_hook(functools.partial(see))
    model[2].register_forward_pre_hook(lambda module, args: passed.append(args))
    model[2].register_full_backward_hook(lambda module, given, returned: None)
    model[2].weight.register_hook(passed.append)
    model.passed, model.recorder = passed, recorder
    return model


def replaced(how: str) -> nn.Module:
    """A layer whose `forward` was replaced on the instance."""
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8)).train()
    before = model.forward

    def around(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
        SEEN.append(x)
        return before(x) + module[0](x)

    if how == "partial":  # as accelerate does
        model.forward = functools.update_wrapper(functools.partial(around, model), before)
    elif how == "closure":
        model.forward = lambda x: around(model, x)
    elif how == "method":
        model.forward = around.__get__(model)
    else:
        model.forward = torch.compile(model.forward, backend="eager")
    return model


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        part = torch.jit.script(nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8)))
    return nn.Sequential(nn.Linear(8, 8), part).train()


def quantised() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
        return torch.ao.quantization.quantize_dynamic(model, {nn.Linear})


def old_weight_norm() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nn.Sequential(nn.utils.weight_norm(nn.Linear(8, 8)), nn.Linear(8, 8))
        model(torch.ones(2, 8))  # now its weight is no leaf
    return model


def pruned() -> nn.Module:
    model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    prune.l1_unstructured(model[0], "weight", amount=0.5)
    prune.random_structured(model[1], "weight", amount=0.25, dim=0)
    return model


def frozen() -> nn.Module:
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 8)).train()
    model[0].requires_grad_(False)
    model[1].eval()
    return model


def trained() -> nn.Module:
    model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 1))
    model(torch.ones(2, 8)).sum().backward()
    return model


def compiled(whole: bool) -> nn.Module:
    model = nn.Sequential(nn.Linear(8, 8), nn.Sequential(nn.Linear(8, 8), nn.ReLU()))
    if whole:
        model.compile(backend="eager")
    else:
        model[1] = torch.compile(model[1], backend="eager")
    return model


def repeated() -> nn.Module:
    block = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
    return nn.Sequential(*nn.ModuleList([block] * 3))


def chain() -> nn.Module:
    layers = [nn.Linear(8, 8) for _ in range(90)]
    for layer, following in itertools.pairwise(layers):
        layer.following = following
        following.__dict__["previous"] = layer
    return nn.Sequential(layers[0], nn.Linear(8, 8))


ODD: dict[str, Callable[[], nn.Module]] = {
    "shared": Shared,
    "tied": Tied,
    "circle": Circle,
    "repeated": repeated,
    "chain": chain,
    "belongings": Belongings,
    "remembering": Remembering,
    "outside": Outside,
    "drawing": Drawing,
    "looking": Looking,
    "renewing": Renewing,
    "capped": Capped,
    "hooked": hooked,
    "partial forward": lambda: replaced("partial"),
    "closure forward": lambda: replaced("closure"),
    "method forward": lambda: replaced("method"),
    "compiled forward": lambda: replaced("compiled"),
    "compiled": lambda: compiled(whole=True),
    "compiled part": lambda: compiled(whole=False),
    "scripted part": scripted,
    "quantised": quantised,
    "old weight norm": old_weight_norm,
    "weight norm": lambda: nn.Sequential(
        nn.Linear(8, 8), parametrizations.weight_norm(nn.Linear(8, 8))
    ),
    "spectral norm": lambda: nn.Sequential(
        nn.Linear(8, 8), parametrizations.spectral_norm(nn.Linear(8, 8))
    ),
    "old spectral norm": lambda: nn.Sequential(
        nn.Linear(8, 8), nn.utils.spectral_norm(nn.Linear(8, 8))
    ),
    "orthogonal": lambda: nn.Sequential(
        nn.Linear(8, 8), parametrizations.orthogonal(nn.Linear(8, 8))
    ),
    "pruned": pruned,
    "frozen": frozen,
    "trained": trained,
    "lazy": lambda: nn.Sequential(nn.Linear(8, 8), nn.LazyLinear(4), nn.LazyBatchNorm1d()),
    "sparse": lambda: nn.Sequential(nn.Linear(8, 8), Sparse()),
    "half": lambda: nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8)).to(torch.bfloat16),
    "expanded": lambda: Expanded(),
}


class Sparse(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.eye(8).to_sparse())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sparse.mm(self.weight, x.T).T


class Expanded(nn.Module):
    """Tensors that overlap, with themselves and with each other."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 8)
        self.register_buffer("row", torch.ones(1, 8).expand(4, 8))
        self.register_buffer("view", self.layer.weight.detach()[2:4])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x) + self.row[0] + self.view[0]
