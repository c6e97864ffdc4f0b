"""Joules of one leaf or of one module's own work, by a regressor or a declared fallback."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from irene_jupyter.predictors.forms import features
from irene_jupyter.predictors.forms.coefficients import Roofline
from irene_jupyter.tree import MEBIBYTE, MEGAFLOP, ModelTree, Node

# Operations a byte from which work is taken for a product: pointwise float32 work has at most
# about 1 (tanh), a product of usual sizes tens.
PRODUCT_INTENSITY = 4.0
_PRODUCT_NAME = re.compile(r"conv|lstm|gru|rnn|linear|mm\b|matmul|einsum|expert|attention", re.I)


def is_doubted(node: Node) -> bool:
    """Whether capture says of a node that it did work that could not be counted."""
    return any(flag.startswith("estimated: ") for flag in node.flags)


@dataclass(frozen=True, slots=True)
class Part:
    """Joules over all calls; `basis` says what a fallback rests on, None for a regressor.

    `as_trained`: pointwise work beside leaves that have regressors. In the data it is part of
    the module's own, so the module's interval covers it already.
    """

    joules: float
    basis: str | None = None
    row: tuple[float, ...] = ()  # features of a call, in the order of the regressor's columns
    as_trained: bool = False


@dataclass(frozen=True, slots=True)
class Coefficients:
    """The rooflines of the kinds of leaves, and the own term's J per unit of each column."""

    leaves: Mapping[str, Roofline]
    own: Mapping[str, float]

    @property
    def launch_joules(self) -> float:
        """What the cheapest kernel needs, however small its work."""
        return min(leaf.floor_joules for leaf in self.leaves.values())

    def holds_trained_leaves(self, node: Node) -> bool:
        """Whether a child of the node has a regressor, so that its own term was trained."""
        return any(features.kind_of(child) in self.leaves for child in node.children)

    def of_leaf(self, tree: ModelTree, node: Node, parent: Node | None) -> Part:
        """A leaf's energy, with its mean call predicted and multiplied by the calls."""
        calls = node.features.calls
        regressor = self.leaves.get(features.kind_of(node) or "")
        if regressor is not None:
            row = features.values(regressor.columns, tree, node)
            if any(row):
                residual = regressor.residual
                beside = None if residual is None else features.values(residual.columns, tree, node)
                return Part(regressor.joules(row, beside) * calls, None, tuple(row))
        megaflops, mebibytes = features.values(("megaflops", "mebibytes"), tree, node)
        if not megaflops and not mebibytes:  # not counted as the data are: what really ran, then
            megaflops = node.features.flops / MEGAFLOP / calls
            mebibytes = node.features.bytes / MEBIBYTE / calls
        if not megaflops and not mebibytes:
            return Part(0.0, "no operations or bytes were counted")
        name = (node.primitive or "").lower()
        if "norm" in name:
            joules = self.leaves["LayerNorm"].joules([mebibytes])
            return Part(joules * calls, "as LayerNorm, by bytes")
        if "embedding" in name and "Embedding" in self.leaves:
            joules = self.leaves["Embedding"].joules([mebibytes])
            return Part(joules * calls, "as Embedding, by bytes")
        if _PRODUCT_NAME.search(name) or _is_product(megaflops, mebibytes):
            joules = self._product(megaflops, mebibytes)
            return Part(joules * calls, "as a matrix product, by operations and bytes")
        joules = self._pointwise(mebibytes or megaflops * MEGAFLOP / MEBIBYTE)
        as_trained = parent is not None and self.holds_trained_leaves(parent)
        if not as_trained:  # else the own term's constant holds the launch
            joules = max(joules, self.launch_joules)
        return Part(joules * calls, "as pointwise work, by bytes", as_trained=as_trained)

    def of_own(self, tree: ModelTree, node: Node) -> Part:
        """What a module needs beyond its children; a module without any is all own.

        A module without children is no part of the training data, so its work is estimated;
        one whose features count no work runs nothing and needs nothing.
        """
        calls = node.features.calls
        row = features.values(tuple(self.own), tree, node)
        joules = sum(slope * value for slope, value in zip(self.own.values(), row, strict=True))
        megaflops, mebibytes = features.values(("rest_megaflops", "rest_mebibytes"), tree, node)
        if _is_product(megaflops, mebibytes):
            product = self._product(megaflops, mebibytes)
            if product > joules:
                return Part(product * calls, "own work as a matrix product")
        if not node.children and (megaflops or mebibytes):
            joules = max(self._pointwise(mebibytes), self.launch_joules)
            return Part(joules * calls, "functional work, by bytes")
        return Part(joules * calls)

    def _product(self, megaflops: float, mebibytes: float) -> float:
        """A product of unknown shapes: its bytes are spread over the regressor's columns."""
        columns = self.leaves["GEMM"].columns
        part = mebibytes / max(1, len(columns) - 1)
        return self.leaves["GEMM"].joules(
            [megaflops if column == "megaflops" else part for column in columns]
        )

    def _pointwise(self, mebibytes: float) -> float:
        """By the coefficient under which pointwise work ran in training, as a module's own."""
        return (self.own["rest_mebibytes"] or self.leaves["LayerNorm"].slopes[0]) * mebibytes


def _is_product(megaflops: float, mebibytes: float) -> bool:
    return megaflops * MEGAFLOP > PRODUCT_INTENSITY * mebibytes * MEBIBYTE
