"""A model's record: what its runs add up to, and its level."""

from __future__ import annotations

from irene_jupyter.attribution.apportion import Share
from irene_jupyter.attribution.cell import Cell
from irene_jupyter.attribution.model_energy import ModelEnergy, PredictedRun, models_of
from irene_jupyter.tree import Energy, Features, ModelTree, Node, Run, RunStatus

CELL = Cell(2.0, shares={("model", "a"): Share(12.0, 10.0, 15.0, 1.0)})


def predicted(
    model: str,
    joules: float = 2.0,
    calls: int = 1,
    status: RunStatus = "run",
    phase: str | None = None,
) -> PredictedRun:
    features = Features(latency_seconds=0.5)
    node = Node("", "model", "Net", features, (), Energy(joules, joules, joules, "predicted"))
    tree = ModelTree(model, node, batch_size=2, seq_len=3)
    run = Run(model=model, tree=tree, calls=calls, seconds=1.0, status=status, phase=phase)
    return PredictedRun.of(run, node)


def test_a_run_is_of_all_its_calls_in_the_time_that_they_took() -> None:
    root = predicted("a", calls=4).root
    assert root.energy is not None
    assert (root.energy.joules, root.features.calls) == (8.0, 4)
    assert root.features.latency_seconds == 1.0


def test_models_come_in_order_each_with_its_runs_at_its_level() -> None:
    runs = [predicted("b"), predicted("a"), predicted("b"), predicted("a", 4.0)]
    b, a = models_of(runs, CELL)
    assert (b.name, len(b.runs), b.factors[None]) == ("b", 2, 1.0)
    assert b.root is b.predicted
    assert (a.name, len(a.runs), a.factors[None]) == ("a", 2, 2.0)
    assert a.root.energy == Energy(12.0, 10.0, 15.0, "measured")
    assert a.runs[1].summary(a.factors[None]).joules == 8.0


def test_what_was_never_called_is_flagged_and_of_no_measured_level() -> None:
    (idle,) = models_of([predicted("c", status="not_run")], CELL)
    assert not idle.has_run
    assert idle.factors[None] == 1.0
    assert idle.root.flags[0].endswith("one forward pass at batch 2 × sequence 3")


def test_phases_add_up_to_the_model_at_its_level() -> None:
    runs = [predicted("a", phase="prefill"), predicted("a", 1.0, 4, phase="decode")]
    model = ModelEnergy.of("a", runs, CELL)
    prefill, decode = model.summaries(is_here=False)
    assert (prefill.phase, prefill.joules) == ("prefill", 4.0)
    assert (decode.phase, decode.joules, decode.calls) == ("decode", 8.0, 4)
    assert prefill.is_here
