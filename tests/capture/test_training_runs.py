"""A training step as runs: forward, backward and optimiser, each at the modules that it is of."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from irene_jupyter.capture.gather import Captured, gather
from irene_jupyter.capture.in_place import boundaries
from irene_jupyter.capture.training.optimisers import stepped
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.tree import Node, Run

X = torch.ones(4, 8)


def train(step: Callable[[], object], steps: int = 1, *known: nn.Module) -> Captured:
    with Recorder() as recorder:
        for _ in range(steps):
            step()
    return gather(recorder, known=known)


def of(captured: Captured, phase: str | None, model: str | None = None) -> list[Run]:
    return [r for r in captured.runs if r.phase == phase and model in (None, r.model)]


def only(captured: Captured, phase: str | None, model: str | None = None) -> Run:
    (run,) = of(captured, phase, model)
    return run


def seconds(node: Node) -> float:
    assert node.features.latency_seconds is not None
    return node.features.latency_seconds


def net(*sizes: int) -> nn.Sequential:
    layers = (nn.Linear(a, b) for a, b in pairwise(sizes))
    return nn.Sequential(*(each for layer in layers for each in (layer, nn.ReLU())))


@pytest.fixture
def even(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes on at each look: between two boundaries lies one second."""

    class Clock:
        now = 0.0

        @classmethod
        def perf_counter(cls) -> float:
            cls.now += 1.0
            return cls.now

    monkeypatch.setattr(boundaries, "time", Clock)


def test_a_step_is_three_runs_of_the_same_nodes() -> None:
    model = net(8, 16, 8)
    optimiser = torch.optim.Adam(model.parameters())

    def step() -> None:
        optimiser.zero_grad()
        model(X).pow(2).sum().backward()
        optimiser.step()

    captured = train(step, 4)
    forward, backward, update = (only(captured, p) for p in ("forward", "backward", "optimiser"))
    assert captured.notes == ()
    assert (forward.calls, backward.calls, update.calls) == (4, 4, 4)
    assert backward.training
    assert update.training
    assert (forward.items, backward.items, update.items) == (16, 0, 0)
    paths = {node.path for node in forward.tree.root.walk()}
    assert {node.path for node in backward.tree.root.walk()} == paths | {"loss"}
    assert {node.path for node in update.tree.root.walk()} == {"", "0", "2"}
    weights = update.tree.root.find("0").features
    # As it is predicted: by the kernels of torch.
    assert weights.bytes == stepped(model, "Adam").updates["0"].bytes
    assert weights.bytes > 7 * 4 * (8 * 16 + 16)  # parameter and two states twice, gradient once
    assert seconds(update.tree.root) * 4 == pytest.approx(update.seconds)


@pytest.mark.parametrize("way", ["fused", "own"])
def test_a_step_that_torch_does_not_take_by_kernels_is_told_by_what_it_has_to_touch(
    way: str,
) -> None:
    class Own(torch.optim.Adam):
        """A user's own."""

    model = net(8, 16, 8)
    kind, settings = (Own, {}) if way == "own" else (torch.optim.Adam, {"fused": True})
    optimiser = kind(model.parameters(), **settings)

    def step() -> None:
        optimiser.zero_grad()
        model(X).pow(2).sum().backward()
        optimiser.step()

    update = only(train(step, 2), "optimiser")
    assert update.tree.root.find("0").features.bytes == 7 * 4 * (8 * 16 + 16)


def test_settings_of_a_schedule_do_not_hide_the_optimiser() -> None:
    model = net(8, 16, 8)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, 1)

    def step() -> None:
        optimiser.zero_grad()
        model(X).pow(2).sum().backward()
        optimiser.step()
        schedule.step()

    update = only(train(step, 3), "optimiser")
    predicted = stepped(model, "AdamW").updates["0"].bytes
    assert update.tree.root.find("0").features.bytes == predicted


def test_equal_layers_take_the_same_and_nothing_is_lost(even: None) -> None:
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32}
    config = transformers.BertConfig(num_hidden_layers=4, vocab_size=64, **sizes)
    model = transformers.BertForSequenceClassification(config).train()
    ids, labels = torch.ones(2, 8, dtype=torch.long), torch.ones(2, dtype=torch.long)
    with Recorder() as recorder:
        for _ in range(4):
            model(ids, labels=labels).loss.backward()
    (kind,) = recorder.passes.kinds.values()
    nodes = {len(each.seconds()) for each in kind.timed}
    run = only(gather(recorder), "backward")
    (count,) = nodes
    assert seconds(run.tree.root) == pytest.approx(count)  # a second each, all in the tree
    layers = [seconds(run.tree.root.find(f"bert.encoder.layer.{i}")) for i in range(4)]
    assert layers == pytest.approx([layers[0]] * 4)
    for node in run.tree.root.walk():
        assert seconds(node) >= math.fsum(map(seconds, node.children)) - 1e-9
    assert seconds(run.tree.root.find("bert.encoder.layer.1.attention.self.query")) > 0


def test_frozen_layers_have_no_work() -> None:
    model = net(8, 8, 8, 8)
    for parameter in (*model[0].parameters(), *model[4].parameters()):
        parameter.requires_grad_(False)
    run = only(train(lambda: model(X).sum().backward(), 3), "backward")
    product = 2 * 4 * 8 * 8
    paths = {node.path: node.features.flops for node in run.tree.root.walk()}
    assert "0" not in paths  # nothing before it needs a gradient either
    assert product <= paths["2"] < 1.5 * product  # its weights', its input needs none
    assert product <= paths["4"] < 1.5 * product  # its input's alone


def test_layers_that_are_frozen_between_steps_are_seen() -> None:
    model = net(8, 8, 8)

    def step() -> None:
        model(X).sum().backward()
        model[0].requires_grad_(False)

    captured = train(step, 3)
    assert {run.calls for run in of(captured, "backward")} == {1, 2}
    paths = {run.calls: {n.path for n in run.tree.root.walk()} for run in of(captured, "backward")}
    assert "0" in paths[1]
    assert "0" not in paths[2]


def test_evaluation_beside_training_has_no_phase() -> None:
    model = net(8, 8)

    def step() -> None:
        model(X).sum().backward()
        with torch.no_grad():
            model(X)

    captured = train(step, 3)
    assert [run.calls for run in of(captured, None)] == [3]
    assert only(captured, "forward").calls == 3


def test_several_forwards_before_one_backward_pass(even: None) -> None:
    model = net(8, 8)
    run = only(train(lambda: sum(model(X).sum() for _ in range(3)).backward(), 3), "backward")
    assert run.calls == 9
    # Two nodes of each call, and those that put both gradients where they belong, once for all.
    assert seconds(run.tree.root.find("0")) == pytest.approx(8 / 3)


def test_steps_of_unequal_kind() -> None:
    model = net(8, 8)

    def step() -> None:
        (model(X).sum() / 2).backward()
        (model(X).sum() / 2).backward()
        model(X[:2]).sum().backward()

    captured = train(step, 3)
    assert sorted(run.calls for run in of(captured, "backward")) == [3, 6]
    assert captured.notes == ()


@pytest.mark.parametrize("way", ["backward", "keyword", "grad"])
def test_tensors_that_can_be_gone_through_once_are_the_users(way: str) -> None:
    def gradients(watched: bool) -> list[torch.Tensor]:
        torch.manual_seed(0)
        model = net(8, 8)
        losses = (model(X).sum() * factor for factor in (1.0, 2.0))

        def backward() -> list[torch.Tensor]:
            if way == "grad":
                return list(torch.autograd.grad(losses, list(model.parameters())))
            if way == "keyword":
                torch.autograd.backward(tensors=losses)
            else:
                torch.autograd.backward(losses)
            return [parameter.grad for parameter in model.parameters()]

        if not watched:
            return backward()
        with Recorder():
            return backward()

    for plain, seen in zip(gradients(False), gradients(True), strict=True):
        assert torch.equal(plain, seen)


def test_models_that_train_against_each_other() -> None:
    generator, critic = net(8, 8), net(8, 4, 1)
    first = torch.optim.SGD(generator.parameters(), lr=0.1)
    second = torch.optim.SGD(critic.parameters(), lr=0.1, momentum=0.9)

    def step() -> None:
        fake = generator(X)
        (critic(X).sum() - critic(fake.detach()).sum()).backward()
        second.step()
        critic(fake).sum().backward()
        first.step()

    captured = train(step, 4)
    assert captured.notes == ()
    names = {run.model for run in captured.runs}
    assert len(names) == 2
    small, large = sorted(names, key=lambda name: only_calls(captured, name))
    assert sum(run.calls for run in of(captured, "backward", small)) == 4
    assert sum(run.calls for run in of(captured, "backward", large)) == 12
    assert only(captured, "optimiser", small).calls == only(captured, "optimiser", large).calls == 4
    steps = [run.tree.root.features.bytes for run in of(captured, "optimiser")]
    assert sorted(steps) == [4 * 3 * 72, 4 * 8 * (36 + 5)]  # with momentum two kernels more


def only_calls(captured: Captured, model: str) -> int:
    return sum(run.calls for run in of(captured, "forward", model))


@pytest.mark.parametrize("reentrant", [False, True])
def test_what_is_recomputed_is_of_the_backward_pass(reentrant: bool) -> None:
    class Saves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = net(8, 8), net(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.second(checkpoint(self.first, x, use_reentrant=reentrant))

    model, x = Saves(), X.clone().requires_grad_()
    captured = train(lambda: model(x).sum().backward(), 4, model)
    assert {run.model for run in captured.runs} == {"Saves"}
    assert only(captured, "forward").calls == 4
    runs = of(captured, "backward")
    assert any("recomputed" in note for run in runs for note in run.notes)
    again = next(run for run in runs if run.notes)
    assert again.tree.root.find("first.0").features.flops > 0
    passes = [run for run in runs if not run.notes]
    paths = {node.path for run in passes for node in run.tree.root.walk()}
    assert {"first.0", "second.0"} <= paths
    assert sum(run.calls for run in passes) == (8 if reentrant else 4)


@pytest.mark.parametrize("reentrant", [False, True])
def test_every_step_with_checkpoints_is_divided_as_the_first(
    reentrant: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recorder, "_own_share", lambda _: 1.0)  # there is no time for more

    class Layers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.start, self.layers = net(8, 8), nn.ModuleList(net(8, 8) for _ in range(2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.start(x)
            for layer in self.layers:
                x = checkpoint(layer, x, use_reentrant=reentrant)
            return x

    def work(steps: int) -> float:
        model = Layers()
        captured = train(lambda: model(X).sum().backward(), steps, model)
        assert not any("not divided" in note for note in captured.notes)
        return sum(
            run.calls * run.tree.root.features.flops
            for run in of(captured, "backward")
            if not run.notes
        )

    once = work(1)
    assert once > 0
    assert [work(steps) / steps for steps in (2, 5)] == pytest.approx([once, once])


def test_calls_that_were_only_counted_are_divided_as_those_that_were_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Recorder, "_own_share", lambda _: 1.0)
    model = net(8, 8)

    def step() -> None:
        model(X).sum().backward()
        model(X).pow(2).mean().backward()  # of another kind, after a call of a known signature

    captured = train(step, 1)
    assert captured.notes == ()
    assert only(captured, "backward").calls == 2


def test_mixed_precision_and_a_scaler() -> None:
    model = net(8, 8, 8)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")

    def step() -> None:
        optimiser.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(X).float().pow(2).mean()
        scaler.scale(loss).backward()
        scaler.step(optimiser)
        scaler.update()

    captured = train(step, 3)
    assert captured.notes == ()
    assert only(captured, "backward").calls == only(captured, "optimiser").calls == 3
    assert seconds(only(captured, "backward").tree.root.find("0")) > 0


def test_two_losses_of_one_forward_call() -> None:
    model = net(8, 8)

    def step() -> None:
        out = model(X)
        out.sum().backward(retain_graph=True)
        out.pow(2).sum().backward()

    captured = train(step, 3)
    assert captured.notes == ()
    assert only(captured, "forward").calls == 3
    assert only(captured, "backward").calls == 6


def test_closures() -> None:
    model = net(8, 8)
    optimiser = torch.optim.LBFGS(model.parameters(), max_iter=2)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = model(X).pow(2).sum()
        loss.backward()
        return loss

    with Recorder() as recorder:
        for _ in range(2):
            optimiser.step(closure)
    captured = gather(recorder)
    update = only(captured, "optimiser")
    spent = recorder.activity.bins(float("inf"))
    whole = sum(each.spent.get("optimiser", 0.0) for each in spent)
    assert update.calls == 2
    assert update.seconds > 0
    assert whole > 0
    assert only(captured, "forward").calls == only(captured, "backward").calls > 2


def test_gradients_that_are_asked_for_are_backward_passes() -> None:
    model = net(8, 8)
    captured = train(lambda: torch.autograd.grad(model(X).sum(), [*model.parameters()]), 3)
    assert only(captured, "backward").calls == 3


def test_a_penalty_on_gradients() -> None:
    model = net(8, 8)

    def step() -> None:
        x = X.clone().requires_grad_()
        (slope,) = torch.autograd.grad(model(x).pow(2).sum(), x, create_graph=True)
        slope.pow(2).sum().backward()

    captured = train(step, 3)
    assert captured.notes == ()
    assert only(captured, "backward").calls == 6


def test_a_shared_weight_is_of_the_module_that_used_it(even: None) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.head = nn.Embedding(16, 8), nn.Linear(8, 16, bias=False)
            self.head.weight = self.words.weight

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.head(self.words(ids))

    model = Tied()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)

    def step() -> None:
        model(torch.ones(2, 4, dtype=torch.long)).sum().backward()
        optimiser.step()

    captured = train(step, 3)
    root = only(captured, "backward").tree.root
    assert {child.path for child in root.children} >= {"words", "head"}
    assert min(seconds(root.find("words")), seconds(root.find("head"))) > 0
    update = only(captured, "optimiser").tree.root  # once, where it is held first
    assert [child.path for child in update.children] == ["words"]
    assert update.features.bytes == 3 * 4 * 16 * 8


def test_two_attentions_of_one_module() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(8, 8))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for _ in range(2):
                x = nn.functional.scaled_dot_product_attention(x @ self.weight, x, x)
            return x

    model = Twice()
    root = only(train(lambda: model(X[None]).sum().backward(), 3), "backward").tree.root
    once, again = (root.find(f"matmul_{i}").features for i in (1, 4))
    assert once.flops == again.flops > 0


# --- what cannot be divided ---------------------------------------------------------------------


def test_without_a_model_there_is_nothing_to_divide() -> None:
    weight = torch.ones(3, requires_grad=True)
    captured = train(lambda: weight.pow(2).sum().backward(), 2)
    assert captured.runs == ()
    (note,) = captured.notes
    assert note.startswith("2 backward passes are not divided by module: ")


def test_compiled_code_is_not_divided() -> None:
    torch._dynamo.reset()
    model = net(8, 8)
    fast = torch.compile(model, backend="aot_eager")
    captured = train(lambda: fast(X).sum().backward(), 2)
    assert not of(captured, "backward")
    assert any("compiled" in note for note in captured.notes)


def test_transforms_are_left_alone() -> None:
    model = net(8, 1)
    parameters = dict(model.named_parameters())

    def loss(given: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.func.functional_call(model, given, (X,)).sum()

    plain = torch.func.grad(loss)(parameters)
    with Recorder() as recorder:
        seen = torch.func.grad(loss)(parameters)
    assert all(torch.equal(plain[name], seen[name]) for name in plain)
    captured = gather(recorder)
    assert not of(captured, "backward")
    assert any("torch.func" in note for note in captured.notes)


def test_processes_that_train_together_are_not_divided(tmp_path) -> None:
    if not torch.distributed.is_available():
        pytest.skip("this torch has no torch.distributed")
    store = f"file://{tmp_path / 'store'}"
    torch.distributed.init_process_group("gloo", init_method=store, rank=0, world_size=1)
    try:
        model = nn.parallel.DistributedDataParallel(net(8, 8))
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)

        def step() -> None:
            model(X).sum().backward()
            optimiser.step()

        captured = train(step, 3)
    finally:
        torch.distributed.destroy_process_group()
    assert not of(captured, "backward")
    assert any("not divided" in note for note in captured.notes)
    assert only(captured, "optimiser").calls == 3


# --- what watching must not change --------------------------------------------------------------


def trained_by(steps: int, hooks: list[str] | None = None) -> dict[str, torch.Tensor]:
    torch.manual_seed(7)
    model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.3), nn.LayerNorm(8), nn.Linear(8, 8))
    if hooks is not None:
        model[0].weight.register_hook(lambda g: hooks.append("tensor") or g * 2)
        model[2].register_full_backward_hook(lambda *_: hooks.append("module"))
        model[3].weight.register_post_accumulate_grad_hook(lambda _: hooks.append("post"))
    optimiser = torch.optim.AdamW(model.parameters())
    for _ in range(steps):
        optimiser.zero_grad(set_to_none=False)
        model(torch.rand(4, 8)).pow(2).sum().backward()
        optimiser.step()
    grads = {name: p.grad for name, p in model.named_parameters()}
    return {**model.state_dict(), **{f"{n} grad": g for n, g in grads.items()}, "": torch.rand(3)}


def test_gradients_random_state_and_hooks_are_as_without_us() -> None:
    plain_hooks: list[str] = []
    hooks: list[str] = []
    plain = trained_by(5, plain_hooks)
    with Recorder():
        seen = trained_by(5, hooks)
    assert all(torch.equal(plain[name], seen[name]) for name in plain)
    assert hooks == plain_hooks
    assert len(hooks) == 15


def test_the_first_gradient_is_taken_over_and_not_copied() -> None:
    weight = nn.Parameter(torch.ones(1000))

    class Scales(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return Keeps.apply(self.weight)

    class Keeps(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            made = gradient * 2
            places.append(made.data_ptr())
            return made

    places: list[int] = []
    with Recorder():
        Scales()(X).sum().backward()
    assert weight.grad.data_ptr() == places[0]


def test_nothing_of_the_graph_lives_on() -> None:
    class Holds(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.held = Held()
            references.append(weakref.ref(ctx.held))
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            return gradient * 2

    class Held:
        pass

    references: list[weakref.ref[Held]] = []

    class Uses(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return Holds.apply(super().forward(x))

    model = Uses(8, 8)
    with Recorder():
        for _ in range(3):
            loss = model(X).sum()
            loss.backward()
        del loss
        gc.collect()
        assert [reference() for reference in references] == [None] * 3


def test_a_pass_that_fails_leaves_no_hooks() -> None:
    class Fails(torch.autograd.Function):
        broken = True

        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            if Fails.broken:
                raise ValueError("no gradient")
            return gradient

    model = net(8, 8)
    with Recorder() as recorder:
        loss = Fails.apply(model(X)).sum()
        with pytest.raises(ValueError, match="no gradient"):
            loss.backward(retain_graph=True)
        (kind,) = recorder.passes.kinds.values()
        marks = [len(each.keys) for timed in kind.timed for each in timed._threads.values()]
        Fails.broken = False
        loss.backward()
        assert marks == [len(m.keys) for t in kind.timed[:1] for m in t._threads.values()]
    assert model[0].weight.grad is not None
    assert gather(recorder).runs


def test_passes_beyond_the_timed_ones_are_counted_alone() -> None:
    model = net(8, 8)
    with Recorder() as recorder:
        for _ in range(20):
            model(X).sum().backward()
    (kind,) = recorder.passes.kinds.values()
    assert kind.passes == 20
    assert len(kind.timed) == 6
    assert only(gather(recorder), "backward").calls == 20


def test_sizes_that_were_not_timed_have_the_division_of_others() -> None:
    model = net(8, 8)

    def step() -> None:
        for size in range(1, 30):
            model(torch.ones(size, 8)).sum().backward()

    with Recorder() as recorder:
        recorder.passes._own_share = lambda: 1.0  # the machine has no time for more
        step()
    captured = gather(recorder)
    assert captured.notes == ()
    assert sum(run.calls for run in of(captured, "backward")) == 29
    assert sum(len(kind.timed) for kind in recorder.passes.kinds.values()) == 1
    assert all(seconds(run.tree.root.find("0")) > 0 for run in of(captured, "backward"))
