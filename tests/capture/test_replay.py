"""Replay: every leaf that keeps no state, once for all that are alike, and nothing is changed."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import transformers as hf
from torch import nn
from zoo import CONFIGS, build, inputs

import irene_jupyter as irene
from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.repeat import repeating
from irene_jupyter.capture.repeat import replay as module
from irene_jupyter.capture.repeat.repeating import MIN_REPEATS, timing_of
from irene_jupyter.capture.repeat.replay import Replay, replayed
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.errors import OptionError
from irene_jupyter.tree import Node

PLENTY = 30.0  # seconds: never the limit here


def run(model: nn.Module, *args: object, budget: float = PLENTY, **kwargs: object) -> Replay:
    with torch.no_grad(), Recorder() as recorder:
        model(*args, **kwargs)
    captured = gather(recorder)
    return replayed(captured.runs, captured.recorded, budget)


def leaves(done: Replay) -> dict[str, Node]:
    return {n.path: n for r in done.runs for n in r.tree.root.walk() if not n.children}


def seconds(done: Replay) -> dict[str, float | None]:
    return {path: node.features.replayed_seconds for path, node in leaves(done).items()}


def test_leaves_that_are_alike_share_one_timing():
    model = build("bert")
    done = run(model, **inputs("bert", model))
    found = seconds(done)
    same = [
        found[f"encoder.layer.{i}.attention.self.{x}"] for i in (0, 1) for x in ("key", "value")
    ]
    assert same[0] is not None
    assert same[0] > 0
    assert len(set(same)) == 1
    assert found["encoder.layer.0.intermediate.dense"] != same[0]
    assert all(value is not None for value in found.values())
    assert done.distinct < done.leaves == len(found)
    spread = leaves(done)["encoder.layer.0.output.dense"].features.replayed_spread_seconds
    assert spread is not None
    assert spread >= 0


def test_a_fused_core_is_replayed_whole_and_divided_by_its_operations():
    model = build("bert", "sdpa")
    found = leaves(run(model, **inputs("bert", model)))
    core = [
        found[f"encoder.layer.0.attention.self.{x}"] for x in ("matmul_0", "softmax", "matmul_1")
    ]
    times = [node.features.replayed_seconds for node in core]
    work = [node.features.flops for node in core]
    whole = sum(time for time in times if time)
    assert [time / whole for time in times if time] == [
        pytest.approx(each / sum(work)) for each in work
    ]


@pytest.mark.parametrize("name", ["gpt2", "llama", "t5", "whisper", "vit", "albert", "conv2d"])
def test_models_of_all_kinds_are_replayed(name: str):
    model = build(name)
    done = run(model, **inputs(name, model))
    products = {
        path: node
        for path, node in leaves(done).items()
        if node.primitive in ("Linear", "Conv1D", "MatMul", "Softmax", "Conv2d")
    }
    missing = [path for path, node in products.items() if not node.features.replayed_seconds]
    assert products
    assert missing == []


def test_calls_multiply_what_one_took(tmp_path: Path):
    model = build("gpt2")
    ids = inputs("gpt2", model)
    with irene.EnergyMonitor(irene.Options(budget_seconds=PLENTY)) as monitor, torch.no_grad():
        for _ in range(3):
            model(**ids)
    node = monitor.report["h.0.mlp.c_fc"]
    assert node.features.calls == 3
    table = monitor.report.to_dataframe().set_index("path")
    assert table.loc["h.0.mlp.c_fc", "replayed_seconds"] == node.features.replayed_seconds
    assert table["replayed_seconds"].isna()[""]  # a model is not replayed: its time is in place
    read = irene.load_report(monitor.report.save(tmp_path / "run.energy.json"))
    assert read["h.0.mlp.c_fc"].features == node.features


def test_nothing_of_the_users_changes():
    torch.manual_seed(3)
    calls: list[str] = []
    model = hf.AutoModel.from_config(CONFIGS["gpt2"]()).eval()
    model.h[0].mlp.c_fc.register_forward_hook(lambda *_: calls.append("hook"))
    cache = hf.DynamicCache()
    with torch.no_grad(), Recorder() as recorder:
        model(torch.ones(2, 6, dtype=torch.long), past_key_values=cache, use_cache=True)
    length, state = cache.get_seq_length(), torch.get_rng_state()
    versions = [p._version for p in model.parameters()]
    grads = [p.grad for p in model.parameters()]
    captured = gather(recorder)
    done = replayed(captured.runs, captured.recorded, PLENTY)
    assert done.distinct > 5
    assert cache.get_seq_length() == length == 6
    assert torch.equal(torch.get_rng_state(), state)
    assert [p._version for p in model.parameters()] == versions
    assert [p.grad for p in model.parameters()] == grads
    assert calls == ["hook"]
    assert torch.is_grad_enabled()


def test_statistics_of_a_batch_norm_in_training_stay():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)).train()
    done = run(model, torch.randn(8, 4))
    once = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)).train()
    assert model[1].num_batches_tracked == once[1].num_batches_tracked + 1
    assert seconds(done)["1"] is None
    assert seconds(done)["0"] is not None


class Counting(nn.Linear):
    """A Linear that keeps something: who subclasses may do anything."""

    def __init__(self) -> None:
        super().__init__(4, 4)
        self.count = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.count += 1
        return super().forward(x)


def test_users_own_classes_are_left_alone():
    model = nn.Sequential(Counting(), nn.Linear(4, 4))
    done = run(model, torch.randn(2, 4))
    assert model[0].count == 1
    assert seconds(done)["0"] is None
    assert seconds(done)["1"] is not None


@pytest.mark.parametrize(
    "leaf",
    [nn.LeakyReLU(inplace=True), nn.Dropout(0.5), nn.LSTM(4, 4), nn.RReLU()],
    ids=lambda leaf: type(leaf).__name__,
)
def test_what_drifts_or_draws_random_numbers_is_not_replayed(leaf: nn.Module):
    done = run(nn.Sequential(nn.Linear(4, 4), leaf), torch.randn(2, 3, 4))
    assert [path for path, value in seconds(done).items() if value is not None] == ["0"]


def test_an_embedding_that_norms_its_weights_is_not_replayed():
    table = nn.Embedding(7, 4, max_norm=1.0)
    weights = table.weight.clone()
    done = run(nn.Sequential(table, nn.Linear(4, 4)), torch.zeros(2, 3, dtype=torch.long))
    assert seconds(done)["0"] is None
    assert torch.equal(weights[1:], table.weight[1:])  # the call itself normed row 0


def test_ids_stay_within_the_table():
    done = run(nn.Sequential(nn.Embedding(2, 4), nn.Linear(4, 4)), torch.ones(64, 64).long())
    assert seconds(done)["0"] is not None


def test_shapes_layouts_and_autocast_are_the_recorded_ones():
    seen: list[tuple[tuple[int, ...], tuple[int, ...], torch.dtype]] = []

    class Transposed(nn.Module):
        def forward(self, a: torch.Tensor) -> torch.Tensor:
            return torch.softmax(torch.matmul(a, a.transpose(-1, -2)), -1)

    original = torch.matmul

    def spy(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        seen.append((tuple(y.shape), y.stride(), y.dtype))
        return original(x, y)

    model = Transposed()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16), Recorder() as recorder:
        model(torch.randn(2, 5, 3))
    captured = gather(recorder)
    (record,) = captured.recorded
    assert record is not None
    call = record.calls["matmul_0"]
    assert call.autocast == ("cpu", torch.bfloat16)
    timing = timing_of(replace(call, function=spy), None, 0.0, float("inf"))
    assert timing is not None
    assert timing.repeats >= MIN_REPEATS
    assert set(seen) == {((2, 3, 5), (15, 1, 3), torch.float32)}


def test_what_cannot_fit_into_the_time_left_is_not_begun():
    calls: list[int] = []
    model = nn.Linear(4, 4)
    with torch.no_grad(), Recorder() as recorder:
        model(torch.ones(1, 4))
    (record,) = gather(recorder).recorded
    assert record is not None
    call = replace(record.calls[""], function=lambda *given: calls.append(1))
    late = time.perf_counter() + 60
    assert timing_of(call, None, 60.0, late) is None
    assert calls == []
    assert timing_of(call, None, 0.0, late) is not None
    assert calls


def test_a_leaf_of_several_shapes_has_no_single_time():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.other = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.other(self.layer(x)) + self.layer(x[:1]).sum()

    found = seconds(run(Twice(), torch.randn(3, 4)))
    assert found["layer"] is None
    assert found["other"] is not None


def test_compiled_and_fused_models_are_not_replayed():
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True).eval()
    done = run(nn.TransformerEncoder(layer, 1, enable_nested_tensor=False), torch.randn(2, 3, 16))
    assert done.leaves == 0
    assert set(seconds(done).values()) == {None}


def test_no_budget_no_replay():
    done = run(nn.Linear(4, 4), torch.randn(2, 4), budget=0)
    assert (done.distinct, done.notes) == (0, ())
    assert set(seconds(done).values()) == {None}


def test_what_the_budget_does_not_reach_is_told():
    model = build("bert")
    done = run(model, **inputs("bert", model), budget=1e-9)
    assert done.distinct == 0
    assert any("distinct operations in the time" in note for note in done.notes)


def test_a_busy_machine_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "LEAST_SECONDS", 0.0)
    model = build("bert")
    with torch.no_grad(), Recorder() as recorder:
        model(**inputs("bert", model))
    captured = gather(recorder)
    done = replayed(captured.runs, captured.recorded, PLENTY, None, 0.9)
    assert any("90% of this machine" in note for note in done.notes)


def test_progress_is_told_when_it_lasts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "PROGRESS_SECONDS", 0.0)
    clock = iter(range(10**6))
    monkeypatch.setattr(module.time, "perf_counter", lambda: float(next(clock)))
    model = build("bert")
    lines: list[str] = []
    with torch.no_grad(), Recorder() as recorder:
        model(**inputs("bert", model))
    captured = gather(recorder)
    replayed(captured.runs, captured.recorded, 1e9, lines.append)
    assert lines
    assert lines[0].startswith("replaying ")


def test_the_lower_quartile_stands_for_the_repeats():
    timing = repeating._summary([1.0, 2.0, 3.0, 4.0, 100.0])
    assert (timing.seconds, timing.spread_seconds, timing.repeats) == (2.0, 2.0, 5)


@pytest.mark.parametrize("budget", [-1, float("nan"), "2", True, 1e9])
def test_a_budget_that_makes_no_sense(budget: object):
    with pytest.raises(OptionError, match="budget_seconds"):
        irene.Options(budget_seconds=budget)  # type: ignore[arg-type]
