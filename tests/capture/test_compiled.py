"""Compiled code runs as without us, at its own speed, and is counted or said to be unknown."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch._dynamo
import transformers as hf
from torch import nn
from torch.nn.attention.flex_attention import flex_attention
from zoo import CONFIGS

import irene_jupyter as irene
from irene_jupyter.capture.gather import gather
from irene_jupyter.capture.watch.recorder import Recorder
from irene_jupyter.tree import Node, Run

QUICK = irene.Options(budget_seconds=0)
X = torch.linspace(-1, 1, 64).reshape(8, 8)


@pytest.fixture(autouse=True)
def compiler() -> Iterator[None]:
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def graphs() -> int:
    return int(torch._dynamo.utils.counters["stats"]["unique_graphs"])


def compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    return torch.compile(function, backend="eager", **options)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.product(torch.relu(self.first(x))))

    def product(self, x: torch.Tensor) -> torch.Tensor:
        return x @ x.T


def function_inside() -> nn.Module:
    class WithFunction(Net):
        def __init__(self) -> None:
            super().__init__()
            self.function = compiled(lambda x: x @ x.T, fullgraph=True)

        def product(self, x: torch.Tensor) -> torch.Tensor:
            return self.function(x)

    return WithFunction()


def closure_over_parts() -> nn.Module:
    class WithClosure(Net):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(8, 8)
            self.step = compiled(lambda x: self.inner(x) @ x.T)

        def product(self, x: torch.Tensor) -> torch.Tensor:
            return self.step(x)

    return WithClosure()


def method_of_class() -> nn.Module:
    class WithMethod(Net):
        product = torch.compile(Net.product, backend="eager")

    return WithMethod()


def child_in_place() -> nn.Module:
    net = Net()
    net.first = Net()
    net.first.compile(backend="eager")
    return net


def child_wrapped() -> nn.Module:
    net = Net()
    net.first = torch.compile(Net(), backend="eager")
    return net


def forward_replaced() -> nn.Module:
    net = Net()
    net.forward = compiled(net.forward)
    return net


def whole_wrapped() -> nn.Module:
    return torch.compile(Net(), backend="eager")


def whole_in_place() -> nn.Module:
    net = Net()
    net.compile(backend="eager")
    return net


MADE = [
    function_inside, closure_over_parts, method_of_class, child_in_place, child_wrapped,
    forward_replaced, whole_wrapped, whole_in_place,
]  # fmt: skip


def products(node: Node) -> float:
    """Operations of all leaves that are products."""
    return sum(n.features.flops for n in node.leaves() if n.primitive in ("Linear", "MatMul"))


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
@pytest.mark.parametrize("when", ["before", "inside"])
def test_a_compiled_part_is_counted_and_never_compiled_again(
    make: Callable[[], nn.Module], when: str
) -> None:
    torch.manual_seed(0)
    model = make()
    if when == "before":
        plain = model(X)
        before = graphs()
    with torch._dynamo.config.patch(error_on_recompile=True), Recorder() as recorder:
        outputs = [model(X) for _ in range(3)]
    if when == "before":
        assert graphs() == before
        assert torch.equal(outputs[0], plain)
    else:
        before = graphs()
    with torch._dynamo.config.patch(error_on_recompile=True):
        assert torch.equal(model(X), outputs[0])
    assert graphs() == before
    (run,) = gather(recorder).runs
    root = run.tree.root
    assert run.calls == 3
    parts = {"closure_over_parts": 4, "child_in_place": 5, "child_wrapped": 5}
    assert products(root) == pytest.approx(parts.get(make.__name__, 3) * 2 * 8**3)
    assert not any(flag.startswith("incomplete") for node in root.walk() for flag in node.flags)


def test_the_names_of_what_a_compiled_closure_calls_are_those_of_the_model() -> None:
    model = closure_over_parts()
    report = irene.measure(model, X, options=QUICK)
    assert [child.path for child in report.root.children] == [
        "first", "second", "inner", "matmul_0",
    ]  # fmt: skip


def test_compiled_code_that_cannot_be_traced_is_estimated_and_says_so() -> None:
    class Looks(Net):
        def __init__(self) -> None:
            super().__init__()
            self.step = compiled(self.looked)

        def looked(self, x: torch.Tensor) -> torch.Tensor:
            if x.sum().item() > 1e9 or not hasattr(self, "gone"):
                raise_unless_real(x)
            return x @ x.T

        def product(self, x: torch.Tensor) -> torch.Tensor:
            return self.step(x)

    def raise_unless_real(x: torch.Tensor) -> None:
        if x.flatten()[0].item() == 1.0:  # as our own values are
            raise ValueError("values that no user gives")

    report = irene.measure(Looks(), X, options=QUICK)
    assert any(flag.startswith("estimated") for flag in report.root.flags)
    assert report.root.energy.source == "estimated"
    assert report.root.energy.high > 2 * report.root.energy.low


def test_calls_beside_a_thread_that_compiles_run_as_ever_and_are_said_to_be_missing() -> None:
    model, other = Net(), Net()
    wrong: list[object] = []
    is_made, is_compiling = threading.Event(), threading.Event()

    def backend(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Any:
        is_compiling.set()
        assert is_made.wait(60)  # until the other thread's calls were made
        return graph.forward

    def compile_and_run() -> None:
        try:
            function = torch.compile(lambda x: other(x), backend=backend)
            wrong.extend(each for _ in range(3) if not torch.equal(each := function(X), other(X)))
        except BaseException as error:
            wrong.append(error)

    thread = threading.Thread(target=compile_and_run)
    with Recorder() as recorder:
        model(X)
        thread.start()
        assert is_compiling.wait(60)
        for _ in range(20):
            model(X)
        is_made.set()
        thread.join()
        model(X)
    assert not wrong
    captured = gather(recorder)
    assert (captured.runs[0].model, captured.runs[0].calls) == ("Net", 2)
    assert any("compiled code ran in one thread" in note for note in captured.notes)


def test_compiled_code_of_another_thread_while_we_trace_and_record() -> None:
    served, model = Net(), Net()
    function = compiled(lambda x: served(x))
    plain = function(X)
    before = graphs()
    wrong: list[object] = []
    is_over = threading.Event()

    def serve() -> None:
        while not is_over.wait(0.02):  # a web handler, now and then
            try:
                if not torch.equal(function(X), plain):
                    wrong.append("another output")
            except BaseException as error:
                wrong.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        alone = 2 * 8**3 * 3 + 4 * 64  # with biases (of the linear layers) and pointwise work
        seen = 0
        for _ in range(10):
            report = irene.predict(model, batch_size=8)
            assert report.root.features.flops == pytest.approx(alone, rel=0.1)
            paths = [child.path for child in report.root.children]
            assert paths == ["first", "matmul_0", "second"]
            with irene.EnergyMonitor(QUICK) as monitor:
                for _ in range(5):
                    model(X)
            if monitor.report.root is None:  # all calls fell into one of the other thread: said
                assert any("were not seen" in note for note in monitor.report.notes)
                continue
            trees = [r for r in monitor.report.root.walk() if r.class_name == "Net"]
            assert trees
            assert all(len(tree.children) == 3 for tree in trees)
            seen += 1
        assert seen
    finally:
        is_over.set()
        thread.join()
    assert not wrong
    assert graphs() == before


GLOBAL = nn.Linear(8, 8)


def test_a_compiled_function_that_calls_models_is_a_run_of_its_own() -> None:
    net, unused = Net(), nn.Linear(8, 8)
    lines: list[str] = []

    def step(x: torch.Tensor) -> torch.Tensor:
        lines.append("called")
        return GLOBAL(net(x)).sum()

    function = compiled(step)
    function(X)
    del lines[:]
    with irene.EnergyMonitor(QUICK, namespace={"net": net, "unused": unused}) as monitor:
        for _ in range(3):
            function(X)
    assert lines == ["called"] * len(lines)
    assert len(lines) == 3  # the user's list knows nothing of our trace
    report = monitor.report
    (run,) = report.runs
    assert (run.model, run.calls) == ("step", 3)
    assert products(report.root) == 3 * 4 * 2 * 8**3
    assert report.not_run == ()


def test_a_compiled_function_without_models_is_no_run() -> None:
    function = compiled(lambda x: torch.relu(x @ x.T))
    with irene.EnergyMonitor(QUICK) as monitor:
        function(X)
    assert monitor.report.runs == ()


def test_a_compiled_training_step_that_cannot_be_traced_is_said() -> None:
    net = Net()

    def train(x: torch.Tensor) -> None:
        net(x).sum().backward()

    function = compiled(train)
    with irene.EnergyMonitor(QUICK) as monitor:
        function(X)
    assert any(
        note.startswith("train ran 1 times and is not in the tree") for note in monitor.report.notes
    )


def test_a_method_of_a_model_that_is_compiled() -> None:
    class Encodes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.text = nn.Linear(8, 8)
            self.encode = compiled(self.encode)

        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return self.text(x) @ x.T

    model = Encodes()
    with irene.EnergyMonitor(QUICK) as monitor:
        for _ in range(2):
            model.encode(X)
    (run,) = monitor.report.runs
    assert (run.model, run.calls) == ("Encodes", 2)
    assert products(monitor.report.root) == 2 * 2 * 2 * 8**3


class Attends(nn.Module):
    def forward(self, q: torch.Tensor) -> torch.Tensor:
        return flex_attention(q, q, q)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("is_compiled", [False, True])
def test_flex_attention_is_an_attention(is_compiled: bool) -> None:
    class AttendsCompiled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attend = compiled(flex_attention)

        def forward(self, q: torch.Tensor) -> torch.Tensor:
            return self.attend(q, q, q)

    model, q = AttendsCompiled() if is_compiled else Attends(), torch.randn(1, 2, 128, 16)
    with torch.no_grad():
        plain = model(q)
        with Recorder() as recorder:
            assert torch.equal(model(q), plain)
    (run,) = gather(recorder).runs
    assert [leaf.primitive for leaf in run.tree.root.leaves()] == ["MatMul", "Softmax", "MatMul"]
    assert products(run.tree.root) == 2 * 2 * 2 * 128 * 128 * 16


def generated(**options: Any) -> tuple[torch.Tensor, list[Run]]:
    torch.manual_seed(0)
    model = hf.LlamaForCausalLM(CONFIGS["llama"]()).eval()
    ids = torch.ones(1, 4, dtype=torch.long)
    tokens = {"max_new_tokens": 8, "min_new_tokens": 8, "pad_token_id": 0, "do_sample": False}
    with Recorder() as recorder:
        found = model.generate(ids, attention_mask=torch.ones_like(ids), **tokens, **options)
    return found, list(gather(recorder).runs)


def test_compiled_decoding_has_its_phases() -> None:
    compiling = hf.CompileConfig(backend="eager", mode=None)
    compiling._compile_all_devices = True
    plain, eager = generated(cache_implementation="static")
    found, runs = generated(cache_implementation="static", compile_config=compiling)
    assert torch.equal(found, plain)

    def told(runs: list[Run]) -> dict[str | None, tuple[int, int]]:
        phases = {run.phase for run in runs}
        return {
            phase: (
                sum(run.calls for run in runs if run.phase == phase),
                sum(run.tokens for run in runs if run.phase == phase),
            )
            for phase in phases
        }

    assert told(runs) == told(eager) == {"prefill": (1, 4), "decode": (7, 7)}
    work = [sum(r.tree.root.features.flops * r.calls for r in each) for each in (runs, eager)]
    assert work[0] == pytest.approx(work[1], rel=0.05)


def test_an_exported_program_is_counted_as_the_module_that_it_was() -> None:
    net = nn.Sequential(*[nn.Linear(64, 64) for _ in range(3)])
    x = torch.randn(4, 16, 64)
    exported = torch.export.export(net, (x,)).module()
    traced = torch.fx.symbolic_trace(net)
    options = replace(QUICK, device="gtx1080ti")  # what is estimated here follows the times
    reports = [irene.measure(model, x, options=options) for model in (net, exported, traced)]
    flops = [report.root.features.flops for report in reports]
    assert flops[0] == flops[1] == flops[2] > 0
    joules = [report.total_joules for report in reports]
    assert joules[1] == pytest.approx(joules[0], rel=0.01)
    assert joules[2] == pytest.approx(joules[0], rel=0.01)


def test_nothing_of_ours_stays_with_the_compiler() -> None:
    codes = [getattr(nn.Module, name).__code__ for name in ("__init__", "__call__", "__setstate__")]
    switch = torch._dynamo.eval_frame._maybe_set_eval_frame
    model = whole_wrapped()
    with Recorder():
        model(X)
    names = ("__init__", "__call__", "__setstate__")
    assert [getattr(nn.Module, name).__code__ for name in names] == codes
    assert torch._dynamo.eval_frame._maybe_set_eval_frame is switch


FIRST_COMPILED = """
import torch
model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU())
compiled = torch.compile(model, backend="eager")
plain = compiled(torch.ones(2, 8))  # torch's compiler has wrapped functions of Module by now
import irene_jupyter as irene
report = irene.measure(compiled, torch.ones(2, 8), options=irene.Options(budget_seconds=0))
with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
    built = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU())
    built(torch.ones(2, 8))
print([leaf.primitive for leaf in report.root.leaves()], monitor.report.runs[0].model)
"""


def test_what_was_compiled_before_we_were_imported() -> None:
    command = [sys.executable, "-W", "ignore", "-c", FIRST_COMPILED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['Linear', 'ReLU'] Sequential"
