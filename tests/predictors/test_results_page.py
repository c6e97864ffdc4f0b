"""docs/results.md is of this code: every method is on it, with today's figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from irene_jupyter.predictors.evaluate.crossvalidation import crossvalidate
from irene_jupyter.predictors.held_out.evaluation import LEVELS
from irene_jupyter.predictors.held_out.protocols import PROTOCOLS
from irene_jupyter.predictors.methods import METHODS
from irene_jupyter.tree import ModelTree


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "results.md").read_text(encoding="utf-8")


def row(page: str, method: str, protocol: str) -> list[str]:
    """The cells behind the method's and the protocol's name."""
    start = f"| `{method}` | {protocol} |"
    (line,) = [line for line in page.splitlines() if line.startswith(start)]
    return [cell.strip() for cell in line.removeprefix(start).strip(" |").split("|")]


def test_every_method_and_protocol_has_a_row(page: str) -> None:
    for method in METHODS:
        for protocol in PROTOCOLS:
            cells = row(page, method, protocol)
            assert len(cells) == 4
            assert (cells[3] == "–") == (not method.startswith("additive"))
    assert "$" not in page


@pytest.mark.parametrize("method", ["predicted-sum", "software", "additive-root"])
def test_the_figures_are_todays(page: str, trees: list[ModelTree], method: str) -> None:
    levels = crossvalidate(trees, method, "family").levels
    means = " / ".join(f"{levels[level].mean:.2f}" for level in LEVELS)
    pooled = " / ".join(f"{levels[level].pooled:.2f}" for level in LEVELS)
    assert row(page, method, "family")[:2] == [means, pooled]
