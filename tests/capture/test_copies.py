"""Copies of modules, functions and arguments: what was shared is shared, no data are copied."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from PIL import Image
from torch import nn

import irene_jupyter as irene
from irene_jupyter.capture.copies import reach
from irene_jupyter.capture.copies.copies import Copies
from irene_jupyter.capture.dry.structure import structure_of
from irene_jupyter.errors import CaptureError

Pair = namedtuple("Pair", "first second")
GLOBAL = nn.Linear(8, 8)


@dataclass
class Batch:
    ids: torch.Tensor
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Frozen:
    ids: torch.Tensor


class Slots:
    __slots__ = ("__weakref__", "ids")

    def __init__(self, ids: torch.Tensor) -> None:
        self.ids = ids


class Sized(dict[str, Any]):
    """A mapping with attributes."""


def cache(kind: str) -> Any:
    """A cache of transformers that has seen six tokens."""
    config = hf.LlamaConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=4, vocab_size=100
    )
    if kind == "static":
        made = hf.StaticCache(config, max_cache_len=16)
    else:
        made = hf.DynamicCache(config=config)
    for layer in range(2):
        made.update(torch.ones(1, 4, 6, 8), torch.ones(1, 4, 6, 8), layer)
    return hf.EncoderDecoderCache(made, made) if kind == "encoder-decoder" else made


def tensors_in(value: Any, seen: set[int] | None = None) -> list[torch.Tensor]:
    """Every tensor that is reached by attributes and items."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, type | torch.Size):
        return []
    seen.add(id(value))
    if isinstance(value, torch.Tensor):
        return [value]
    parts: list[Any] = []
    if isinstance(value, dict):
        parts += value.values()
    elif isinstance(value, list | tuple | deque):
        parts += value
    parts += vars(value).values() if hasattr(value, "__dict__") else []
    parts += [getattr(value, name) for name in getattr(value, "__slots__", ()) if name[0] != "_"]
    return [tensor for part in parts for tensor in tensors_in(part, seen)]


@pytest.mark.parametrize(
    "make",
    [
        lambda ids: ids,
        lambda ids: [ids, (ids, {"more": ids})],
        lambda ids: Pair(ids, 3),
        lambda ids: Batch(ids),
        lambda ids: Frozen(ids),
        lambda ids: Slots(ids),
        lambda ids: Sized(ids=ids),
        lambda ids: OrderedDict(ids=ids),
        lambda ids: defaultdict(list, ids=[ids]),
        lambda ids: deque([ids], maxlen=3),
        lambda ids: hf.BatchEncoding({"input_ids": ids}),
        lambda ids: hf.modeling_outputs.BaseModelOutput(last_hidden_state=ids),
        lambda ids: cache("dynamic"),
        lambda ids: cache("static"),
        lambda ids: cache("encoder-decoder"),
    ],
)
def test_arguments_keep_their_kind_and_lose_their_data(make):
    ids = torch.ones(2, 3, dtype=torch.long)
    given = make(ids)
    (copied,), kwargs = Copies().of_arguments((given,), {"again": given})
    assert type(copied) is type(given)
    assert kwargs["again"] is copied
    before, after = tensors_in(given), tensors_in(copied)
    assert [t.is_meta for t in after] == [True] * len(before)
    assert before
    for tensor, bare in zip(before, after, strict=True):
        assert (bare.shape, bare.dtype, bare.stride()) == (
            tensor.shape,
            tensor.dtype,
            tensor.stride(),
        )
        assert not tensor.is_meta


def test_a_cache_grows_in_the_copy_alone():
    given = cache("dynamic")
    copied = Copies().of_arguments((given,), {})[0][0]
    assert copied.get_seq_length() == 6
    copied.update(*(torch.empty(1, 4, 1, 8, device="meta") for _ in range(2)), 0)
    assert (copied.get_seq_length(), given.get_seq_length()) == (7, 6)


def test_values_are_kept_of_what_is_no_tensor():
    array, image = np.arange(4.0), Image.new("RGB", (5, 4))
    (copied, seen, text), kwargs = Copies().of_arguments((array, image, "text"), {"use": True})
    assert np.array_equal(copied, array)
    assert copied is not array
    assert (seen.size, text, kwargs) == ((5, 4), "text", {"use": True})


@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
def test_nested_tensors_have_a_bare_one_or_say_that_there_is_none(layout: torch.layout):
    given = torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(1, 3)], layout=layout)
    try:
        copied = Copies().of_arguments((given,), {})[0][0]
    except CaptureError as error:
        assert "without data" in str(error)  # noqa: PT017 - either will do
    else:
        assert copied.is_nested
        assert copied.device.type == "meta"


@pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr, torch.sparse_csc])
def test_sparse_tensors_keep_their_layout(layout: torch.layout):
    given = torch.eye(4).to_sparse(layout=layout)
    copied = Copies().of_arguments((given,), {})[0][0]
    assert (copied.layout, copied.shape, copied.device.type) == (layout, given.shape, "meta")


def test_real_copies_share_parameters_and_nothing_else():
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8))
    copied = Copies("real").of(model)
    assert all(a is b for a, b in zip(copied.parameters(), model.parameters(), strict=True))
    assert all(a is not b for a, b in zip(copied.buffers(), model.buffers(), strict=True))
    assert torch.equal(copied[1].running_var, model[1].running_var)
    assert not copied.training
    assert model.training


def test_functions_and_modules_that_are_copied_together_belong_together():
    model = nn.Linear(8, 8)
    passed: list[Any] = []

    def run(x: torch.Tensor) -> torch.Tensor:
        passed.append(x)
        return GLOBAL(model(x))

    copies = Copies()
    copied = copies.of(model)
    called = copies.of_callable(run)
    (given,), _ = copies.of_arguments((torch.ones(2, 8),), {})
    assert called(given).is_meta
    assert passed == []
    for each in (model.forward, functools.partial(model.forward), model.__call__):
        assert copies.of_callable(each)(given).is_meta
    assert copies.of_callable(model) is copied
    assert copies.of_callable(torch.relu) is torch.relu
    assert copies.of_callable(nn.functional.gelu) is nn.functional.gelu


@pytest.mark.parametrize("how", ["function", "method", "module", "twice", "disabled"])
def test_what_was_compiled_is_not_in_the_copy(how: str):
    compiled: list[int] = []

    def backend(graph: Any, inputs: Any) -> Any:
        compiled.append(1)
        return graph.forward

    model = nn.Linear(8, 8)
    function: Any = {
        "function": lambda: torch.compile(lambda x: model(x) * 2, backend=backend),
        "method": lambda: torch.compile(model.forward, backend=backend),
        "module": lambda: torch.compile(model, backend=backend),
        "twice": lambda: torch.compile(torch.compile(model, backend=backend), backend=backend),
        "disabled": lambda: torch.compiler.disable(model.forward),
    }[how]()
    copies = Copies()
    called = copies.of_callable(function)
    assert called(torch.ones(2, 8, device="meta")).is_meta
    assert compiled == []


@torch.compile(backend="eager")
def fused(x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x) * 2


class UsesCompiled(nn.Module):
    """Calls a compiled function of its module, and a compiled method of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 8)

    @torch.compile(backend="eager")
    def scaled(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return fused(self.scaled(x))


def test_compiled_functions_that_a_model_calls_are_traced_as_they_were_written():
    tree = structure_of(UsesCompiled(), 2, 8, kinds=("meta",))
    assert [leaf.primitive for leaf in tree.root.leaves()] == ["Linear"]
    assert tree.root.features.flops > 2 * 2 * 8 * 8  # the relu and the product, too


def test_a_graph_module_is_copied_with_its_code():
    graph = torch.fx.symbolic_trace(nn.Sequential(nn.Linear(8, 8), nn.ReLU()))
    copied = Copies().of(graph)
    assert copied(torch.ones(2, 8, device="meta")).is_meta
    assert copied.code == graph.code


def test_a_class_that_copies_itself_copies_no_data():
    class Own:
        def __init__(self) -> None:
            self.table = nn.Parameter(torch.ones(3))
            self.rows = torch.ones(2)

        def __deepcopy__(self, memo: dict[int, Any]) -> Own:
            import copy

            made = Own.__new__(Own)
            made.table, made.rows = copy.deepcopy((self.table, self.rows), memo)
            return made

    model = nn.Linear(8, 8)
    model.own = Own()
    own = Copies().of(model).own
    assert own.table.is_meta
    assert own.rows.is_meta
    assert isinstance(own.table, nn.Parameter)


def test_locks_are_new_and_what_cannot_be_copied_says_so_when_used():
    model = nn.Linear(8, 8)
    model.lock = threading.Lock()
    model.thread = threading.local()
    model.lines = (line for line in "abc")
    with model.lock:
        copied = Copies().of(model)
        assert copied.lock.acquire(blocking=False)
    assert copied(torch.ones(2, 8, device="meta")).is_meta
    for use in (lambda: next(copied.lines), lambda: list(copied.lines), lambda: copied.thread.x):
        with pytest.raises(CaptureError, match=r"cannot be copied .*run it in the cell"):
            use()
    assert next(model.lines) == "a"


def test_a_class_whose_copying_fails_is_said_with_the_remedy():
    class Stubborn:
        def __deepcopy__(self, memo: dict[int, Any]) -> Stubborn:
            raise RuntimeError("never")

    model = nn.Linear(8, 8)
    model.own = Stubborn()
    with pytest.raises(CaptureError, match=r"RuntimeError: never.* run it in the cell"):
        Copies().of(model)


def test_a_layer_that_initialises_itself_does_so_in_the_copy_alone():
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU())
    copied = Copies().of(model)
    assert copied(torch.empty(2, 3, 8, 8, device="meta")).shape == (2, 4, 6, 6)
    assert type(model[0]) is nn.LazyConv2d
    assert model[0].has_uninitialized_params()
    assert list(model[0]._forward_pre_hooks.values()) == [model[0]._infer_parameters]


def test_a_library_that_is_worked_on_is_the_users_code_and_is_traced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`pip install -e transformers`: what its functions hold is copied, context variables too."""
    config = hf.BertConfig(num_hidden_layers=1)
    expected = irene.predict(config, 1, 16, device="gtx1080ti").total_joules
    is_installed = reach._is_installed
    monkeypatch.setattr(
        reach, "_is_installed", lambda path: "transformers" not in str(path) and is_installed(path)
    )
    assert irene.predict(config, 1, 16, device="gtx1080ti").total_joules == expected


def test_packages_of_a_user_or_of_another_environment_are_installed() -> None:
    for path in ("home/me/.local/lib/python3.11/site-packages", "usr/lib/python3/dist-packages"):
        assert reach._is_installed(f"/{path}/transformers/modeling_utils.py")
    assert not reach._is_installed("/home/me/site/model.py")
    assert not reach._is_installed("<ipython-input-1>")
    assert not reach._is_installed(None)
