"""Arithmetic on trees: own energies survive it, and so does the sum."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from irene_jupyter.merging import gathered, merged, moved, repeated
from irene_jupyter.tree import Energy, Features, Node

JOULES = st.floats(0, 1e6, allow_nan=False).map(lambda x: x if x == 0 or x > 1e-6 else 0.0)


def energy(joules: float, source="predicted") -> Energy:
    return Energy(joules, joules * 0.9, joules * 1.2, source)


@st.composite
def trees(draw, path: str = "", depth: int = 3) -> Node:
    names = draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=3)) if depth else []
    children = tuple(
        draw(trees(path=f"{path}.{name}" if path else name, depth=depth - 1)) for name in names
    )
    joules = draw(JOULES) + math.fsum(child.energy.joules for child in children)
    features = Features(flops=draw(st.integers(0, 1000)), calls=draw(st.integers(1, 4)))
    return Node(path, "module" if path else "model", "X", features, children, energy(joules))


def assert_adds_up(node: Node) -> None:
    for inner in node.walk():
        below = math.fsum(child.energy.joules for child in inner.children)
        assert inner.energy.joules >= below
        assert math.isclose(inner.own_joules + below, inner.energy.joules, rel_tol=1e-9)
        assert inner.energy.low <= inner.energy.joules <= inner.energy.high


@given(st.lists(trees(), min_size=1, max_size=4), st.integers(1, 5))
def test_sums_are_sums_at_every_node(many: list[Node], calls: int):
    total = merged([repeated(tree, calls) for tree in many])
    assert_adds_up(total)
    expected = calls * math.fsum(tree.energy.joules for tree in many)
    assert math.isclose(total.energy.joules, expected, rel_tol=1e-9)
    assert total.features.flops == calls * sum(tree.features.flops for tree in many)
    paths = {node.path for tree in many for node in tree.walk()}
    assert sorted(node.path for node in total.walk()) == sorted(paths)


@given(st.lists(trees(), min_size=2, max_size=3))
def test_a_cell_is_the_sum_of_its_models(many: list[Node]):
    cell = gathered([(f"m{i}", tree) for i, tree in enumerate(many)])
    assert_adds_up(cell)
    assert (cell.class_name, cell.path) == ("Cell", "")
    assert [child.path for child in cell.children] == [f"m{i}" for i in range(len(many))]
    for child, tree in zip(cell.children, many, strict=True):
        ours = [node.path for node in child.walk()]
        assert ours == [node.path for node in moved(tree, child.path).walk()]


def test_a_sum_is_called_after_the_least_certain_source_that_matters():
    def node(joules: float, source: str) -> Node:
        return Node("", "model", "X", energy=energy(joules, source))

    assert merged([node(9, "predicted"), node(1, "estimated")]).energy.source == "predicted"
    assert merged([node(7, "predicted"), node(3, "estimated")]).energy.source == "estimated"


def flags_of(*flags: str) -> tuple[str, ...]:
    return merged(
        [Node("", "model", "X", energy=energy(1.0), flags=(each,)) for each in flags]
    ).flags


def test_flags_of_hundreds_of_sizes_are_ranges():
    found = flags_of(
        *(f"extrapolated: sequence length {n} (trained on 32–256)" for n in (*range(12, 32), 300)),
        *(
            f"extrapolated: batch size 1; {n / 8:.4g} Mflop (trained on 1.5–2e+05)"
            for n in range(9)
        ),
        "estimated: no regressor for GELU",
        *(f"extrapolated: {n:,} elements" for n in (1_000, 20_000, 999, 7, 1)),
    )
    assert found == (
        "extrapolated: sequence length 12–300 (trained on 32–256)",
        "extrapolated: batch size 1; 0–1 Mflop (trained on 1.5–2e+05)",
        "estimated: no regressor for GELU",
        "extrapolated: 1–20,000 elements",
    )


def test_flags_that_differ_in_more_than_numbers_and_few_flags_stay_as_they_are():
    names = [f"estimated: no regressor for Conv{n}d at float{n}, layer.{n}" for n in range(9)]
    assert flags_of(*names) == tuple(names)
    few = [f"extrapolated: sequence length {n}" for n in (3, 1, 2, 4)]
    assert flags_of(*few) == tuple(few)
    assert flags_of(*few, "incomplete") == (*few, "incomplete")
