"""Nothing of the user's is changed: tensors, hooks, flags, attributes, globals, random numbers."""

from __future__ import annotations

import gc
import random
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import odd_models
import pytest
import torch
from odd_models import ODD
from torch import nn
from torch.nn.modules import module as torch_module
from zoo import CONFIGS, LAYERS, build, inputs

import irene_jupyter as irene
from irene_jupyter.capture.copies.bare import KINDS
from irene_jupyter.capture.copies.copies import bare_copy
from irene_jupyter.capture.dry.sized_runs import SizedRuns
from irene_jupyter.capture.dry.structure import structure_of

pytestmark = pytest.mark.filterwarnings("ignore")
ZOO = [*LAYERS, *CONFIGS]
GENERATING = ("gpt2", "llama", "mixtral", "mamba", "t5", "bart")
NOT_TRACED = {"renewing", "capped", "scripted part"}  # without running them, and that is said
QUICK = irene.Options(batch_size=2, seq_len=8, budget_seconds=0)


def described(value: Any, by_identity: bool, seen: set[int] | None = None) -> Any:
    """All that could be harmed of an object, two of which can be compared."""
    seen = set() if seen is None else seen
    identity = id(value) if by_identity else None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if id(value) in seen:
        return "seen"
    seen.add(id(value))
    if isinstance(value, torch.Tensor):
        return identity, *_of_tensor(value, by_identity), described(value.grad, by_identity, seen)
    if isinstance(value, np.ndarray):
        return identity, value.tobytes()
    if isinstance(value, dict):
        keys = [key if by_identity or isinstance(key, str) else None for key in value]
        values = [described(item, by_identity, seen) for item in value.values()]
        return identity, list(zip(map(str, keys), values, strict=True))
    if isinstance(value, list | tuple):
        return identity, [described(item, by_identity, seen) for item in value]
    if hasattr(value, "_orig_mod"):  # around it the compiler keeps numbers of its own
        return identity, described(value._orig_mod, by_identity, seen)
    if isinstance(value, nn.Module | odd_models.Recorder):
        return identity, type(value).__name__, described(vars(value), by_identity, seen)
    return identity, type(value).__name__


def _of_tensor(tensor: torch.Tensor, by_identity: bool) -> tuple[Any, ...]:
    if isinstance(tensor, nn.parameter.UninitializedTensorMixin):
        return type(tensor), tensor.device, tensor.dtype, tensor.requires_grad
    values = tensor.detach()
    values = values.to_dense() if values.layout is not torch.strided else values
    data = values.double().flatten().tolist() if not values.is_quantized else repr(values)
    version: Any = None
    if by_identity and tensor.layout is torch.strided:
        version = tensor._version, tensor.untyped_storage().data_ptr()
    kind = type(tensor), tensor.device, tensor.dtype, tuple(tensor.shape), tensor.requires_grad
    return *kind, version, data


def _surroundings() -> dict[str, Any]:
    """What is the process's, and could be harmed."""
    return {
        "torch": torch.get_rng_state().tolist(),
        "python": random.getstate(),
        "numpy": str(np.random.get_state()),
        "functions": [random.random, np.random.rand, np.random.seed, nn.Module.__call__],
        "fast path": torch.backends.mha.get_fastpath_enabled(),
        "gradients": torch.is_grad_enabled(),
        "hooks": [dict(torch_module._global_forward_hooks),
                  dict(torch_module._global_forward_pre_hooks)],
        "seen": [id(each) for each in odd_models.SEEN],
        "caches": [dict(odd_models.CACHE), dict(odd_models.Remembering.kept),
                   odd_models.ones.cache_info(),
                   odd_models.Remembering.scale.cache_info()],
        "outside": described(odd_models.OUTSIDE, by_identity=True),
    }  # fmt: skip


@contextmanager
def unharmed(model: nn.Module) -> Iterator[None]:
    """Asserts that `model` and all around it are afterwards as before, object by object."""
    before = described(model, by_identity=True), _surroundings()
    yield
    assert described(model, by_identity=True) == before[0]
    after = _surroundings()
    assert {name: after[name] for name in after if after[name] != before[1][name]} == {}


def built(name: str) -> nn.Module:
    """An odd model, or one of the zoo, always with the same values."""
    torch.manual_seed(0)
    return ODD[name]() if name in ODD else build(name)


@pytest.mark.parametrize("name", [*ODD, *ZOO])
def test_tracing_on_tensors_of_each_kind_harms_nothing(name: str):
    model = built(name)
    told: list[str] = []
    for kind in KINDS:
        with unharmed(model):
            try:
                assert structure_of(model, 2, 8, kinds=(kind,)).root.features.flops > 0
            except irene.IreneError as error:
                told.append(str(error))
    assert all("in the cell" in each for each in told)
    assert (len(told) == len(KINDS)) == (name in NOT_TRACED)


@pytest.mark.parametrize("name", [*ODD, *ZOO])
def test_predicting_and_exploring_harm_nothing(name: str):
    model = built(name)
    with unharmed(model):
        if name in NOT_TRACED:
            with pytest.raises(irene.IreneError, match="in the cell"):
                irene.predict(model, 2, 8)
        else:
            assert irene.predict(model, 2, 8).total_joules > 0
            if name in ODD or name in GENERATING:
                SizedRuns(model, 2, 16).learn()
            if name != "quantised":
                assert all(p.is_meta for p in bare_copy(model, torch.float16).parameters())


@pytest.mark.parametrize("name", GENERATING)
def test_predicting_a_generation_harms_nothing(name: str):
    import transformers as hf

    torch.manual_seed(0)
    config = CONFIGS[name]()
    automatic = hf.AutoModelForSeq2SeqLM if name in ("t5", "bart") else hf.AutoModelForCausalLM
    model = automatic.from_config(config).train()
    with unharmed(model):
        assert irene.predict(model, 2, 8, new_tokens=3, budget_seconds=0.05).total_joules > 0


@pytest.mark.parametrize("name", [*ODD, *ZOO])
def test_a_cell_that_only_builds_a_model_builds_the_same(name: str):
    model = built(name)
    state = torch.get_rng_state()
    gc.collect()
    with irene.EnergyMonitor(QUICK):
        again = built(name)
    assert described(again, by_identity=False) == described(model, by_identity=False)
    assert torch.equal(torch.get_rng_state(), state)


def _called(name: str, model: nn.Module) -> Any:
    if name in ODD:
        given = torch.ones(2, 4, dtype=torch.long) if name in ("tied", "capped") else None
        dtype = next((p.dtype for p in model.parameters()), torch.float32)
        return model(torch.ones(2, 8, dtype=dtype) if given is None else given)
    return model(**inputs(name, model))


@pytest.mark.parametrize("name", [*ODD, *ZOO])
def test_measured_calls_do_what_plain_ones_do(name: str):
    """The first is recorded, the second timed, and of the third its functions, too."""
    results = []
    for is_measured in (False, True):
        model = built(name)
        random.seed(0)
        np.random.seed(0)
        seen = len(odd_models.SEEN)
        caches = odd_models.ones.cache_info().currsize, len(odd_models.CACHE)
        if is_measured:
            with irene.EnergyMonitor(QUICK):
                output = [_called(name, model) for _ in range(3)]
        else:
            output = [_called(name, model) for _ in range(3)]
        numbers = torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state())
        results.append((described(output, by_identity=False), described(model, by_identity=False),
                        numbers, len(odd_models.SEEN) - seen))  # fmt: skip
        del caches
        _forget()
    assert results[0] == results[1]


def _forget() -> None:
    odd_models.SEEN.clear()
    odd_models.CACHE.clear()
    odd_models.Remembering.kept.clear()
    odd_models.Remembering.scale.cache_clear()
    odd_models.ones.cache_clear()


@pytest.mark.parametrize("name", ["shared", "circle", "hooked", "frozen", "weight norm", "conv2d"])
def test_a_cell_that_calls_a_compiled_model_does_what_it_does_without(name: str):
    results = []
    for is_measured in (False, True):
        torch._dynamo.reset()
        model = built(name)
        call = torch.compile(model, backend="eager")
        if is_measured:
            with irene.EnergyMonitor(QUICK) as monitor:
                _called(name, call)
            assert monitor.report.total_joules > 0
        else:
            _called(name, call)
        results.append(described(model, by_identity=False))
    assert results[0] == results[1]


# --- while other threads work -----------------------------------------------------------------


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[threading.Thread]:
    """Runs `work` in another thread; raises what it raised."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield thread
    finally:
        thread.join()
    if failures:
        raise failures[0]


def _mlp() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(*[nn.Linear(32, 32) for _ in range(20)], nn.Dropout(0.5)).eval()


@pytest.mark.parametrize(
    "name", ["shared", "looking", "hooked", "spectral norm", "closure forward"]
)
def test_another_thread_uses_the_model_meanwhile(name: str):
    model = built(name).eval()
    with torch.no_grad():
        want = _called(name, model)

    def work() -> None:
        with torch.no_grad():
            for _ in range(200):
                assert torch.equal(_called(name, model), want) or name == "looking"

    with meanwhile(work) as thread:
        for kind in KINDS:
            structure_of(model, 2, 8, kinds=(kind,)) if name != "looking" else None
        while thread.is_alive():
            irene.predict(model, 2, 8)
    assert not any(p.is_meta for p in model.parameters())
    assert not any(isinstance(each, torch.Tensor) and each.is_meta for each in odd_models.SEEN)
    _forget()


def test_another_thread_sees_its_hooks_on_all_modules_called_meanwhile():
    model, calls = _mlp(), []
    user = threading.get_ident()
    handle = nn.modules.module.register_module_forward_hook(
        lambda module, args, output: calls.append((threading.get_ident(), output.is_meta))
    )

    def work() -> None:
        for _ in range(30):
            model(torch.ones(2, 32))

    try:
        with meanwhile(work) as thread:
            while thread.is_alive():
                irene.predict(model, 2, 8)
    finally:
        handle.remove()
    assert len(calls) == 30 * 22
    assert not any(is_meta or thread == user for thread, is_meta in calls)


def test_another_thread_trains_the_model_meanwhile():
    def train(model: nn.Module) -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        generator = torch.Generator().manual_seed(0)
        for _ in range(60):
            optimizer.zero_grad()
            model(torch.randn(4, 32, generator=generator)).square().mean().backward()
            optimizer.step()

    alone, watched = _mlp(), _mlp()
    train(alone)
    with meanwhile(lambda: train(watched)) as thread:
        while thread.is_alive():
            irene.predict(watched, 2, 4)
    assert described(watched, by_identity=False) == described(alone, by_identity=False)


def test_another_thread_draws_the_numbers_that_it_would_have_drawn():
    def drawn() -> list[float]:
        return [random.random() + np.random.rand() + float(torch.rand(1)) for _ in range(20000)]

    def seed() -> None:
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)

    seed()
    want = drawn()
    found: list[float] = []
    model, looking = built("drawing"), built("looking")
    seed()
    with meanwhile(lambda: found.extend(drawn())) as thread:
        while thread.is_alive():
            irene.predict(model, 2, 8)
            irene.predict(looking, 2, 4)
            irene.predict(CONFIGS["bert"](), 2, 4)
    assert found == want


def test_two_threads_predict_at_once():
    model = built("drawing")
    want = irene.predict(model, 2, 8).total_joules
    random.seed(1)
    before = random.getstate()

    def work() -> None:
        for _ in range(5):
            assert irene.predict(model, 2, 8).total_joules == want

    with meanwhile(work):
        work()
    assert random.getstate() == before
    assert random.random.__self__ is random._inst


def test_what_a_forward_would_change_for_real_is_refused_with_the_remedy():
    for name in ("renewing", "capped"):
        with pytest.raises(irene.IreneError, match=r"changes tensors .*run it in the cell"):
            irene.predict(built(name), 2, 4)


def test_what_cannot_be_copied_is_said_when_it_is_used():
    class Writing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(8, 8)
            self.file = open("/dev/null", "w")  # noqa: SIM115

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.file.write("a call")
            return self.layer(x)

    with pytest.raises(irene.IreneError, match=r"TextIOWrapper cannot be copied .*in the cell"):
        irene.predict(Writing(), 2, 4)
    with irene.EnergyMonitor(QUICK) as monitor:
        model = Writing()
    assert "TextIOWrapper cannot be copied" in monitor.report.notes[0]
    assert model.file.tell() == 0


def test_no_data_are_copied_for_tensors_without():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nn.utils.weight_norm(nn.Linear(512, 512))
    model.register_buffer("table", torch.empty(2**40, device="meta"))
    model.held = {"far": [torch.empty(2**40, device="meta"), nn.Parameter(torch.ones(3))]}
    copied = bare_copy(model)
    assert copied.held["far"][0].is_meta
    assert copied.held["far"][1].is_meta
    assert copied.table.shape == (2**40,)
