"""Joules of one leaf or of one module's own work (R2), by a regressor or a declared fallback."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from irene_jupyter.predictors.forms.coefficients import Coefficients
from irene_jupyter.predictors.forms.matrices import kind_of
from irene_jupyter.predictors.predict.subtrees import Subtree, is_doubted
from irene_jupyter.tree import MEBIBYTE, MEGAFLOP

# Operations a byte from which work is taken for a product: pointwise float32 work has at most
# about 1 (tanh), a product of usual sizes tens.
PRODUCT_INTENSITY = 4.0
_PRODUCT_NAME = re.compile(r"conv|lstm|gru|rnn|linear|mm\b|matmul|einsum|expert|attention", re.I)


@dataclass(frozen=True, slots=True)
class Term:
    """Joules over all calls; `basis` says what a fallback rests on, None for a regressor.

    `as_trained`: pointwise work beside leaves that have regressors. In the data it is part of
    the module's own, so the module's interval covers it already.
    """

    joules: float
    basis: str | None = None
    row: tuple[float, ...] = ()  # features of a call, in the order of the regressor's columns
    as_trained: bool = False


def term(device: Coefficients, subtree: Subtree) -> Term:
    """What the node at the top needs beyond its children: a leaf's all, a module's own."""
    found = _leaf(device, subtree) if subtree.is_leaf else _own(device, subtree)
    factor = device.dtype_factors.get(subtree.node.features.dtype or "")
    if factor is not None:
        found = replace(found, joules=found.joules * factor)
    if not is_doubted(subtree.node):
        return found
    joules = max(found.joules, device.launch_joules * subtree.node.features.calls)
    return Term(joules, "work that is not known")


def _leaf(device: Coefficients, subtree: Subtree) -> Term:
    """A leaf's energy, with its mean call predicted and multiplied by the calls."""
    node = subtree.node
    calls = node.features.calls
    regressor = device.leaves.get(kind_of(node) or "")
    if regressor is not None:
        row = subtree.values(regressor.columns)
        if any(row):
            residual = regressor.residual
            beside = None if residual is None else subtree.values(residual.columns)
            return Term(regressor.joules(row, beside) * calls, None, row)
    megaflops, mebibytes = subtree.values(("megaflops", "mebibytes"))
    if not megaflops and not mebibytes:  # not counted as the data are: what really ran, then
        megaflops = node.features.flops / MEGAFLOP / calls
        mebibytes = node.features.bytes / MEBIBYTE / calls
    if not megaflops and not mebibytes:
        return Term(0.0, "no operations or bytes were counted")
    name = (node.primitive or "").lower()
    if "norm" in name:
        joules = device.leaves["LayerNorm"].joules([mebibytes])
        return Term(joules * calls, "as LayerNorm, by bytes")
    if "embedding" in name and "Embedding" in device.leaves:
        joules = device.leaves["Embedding"].joules([mebibytes])
        return Term(joules * calls, "as Embedding, by bytes")
    if _PRODUCT_NAME.search(name) or _is_product(megaflops, mebibytes):
        joules = _product(device, megaflops, mebibytes)
        return Term(joules * calls, "as a matrix product, by operations and bytes")
    joules = pointwise_joules(device, mebibytes or megaflops * MEGAFLOP / MEBIBYTE)
    as_trained = not subtree.beside.isdisjoint(device.leaves)
    if not as_trained:  # else the own term's constant holds the launch
        joules = max(joules, device.launch_joules)
    return Term(joules * calls, "as pointwise work, by bytes", as_trained=as_trained)


def _own(device: Coefficients, subtree: Subtree) -> Term:
    """What a module needs beyond its children; a module without any is all own.

    A module without children is no part of the training data, so its work is estimated;
    one whose features count no work runs nothing and needs nothing.
    """
    node = subtree.node
    calls = node.features.calls
    row = subtree.values(tuple(device.own))
    joules = sum(slope * value for slope, value in zip(device.own.values(), row, strict=True))
    megaflops, mebibytes = subtree.values(("rest_megaflops", "rest_mebibytes"))
    if _is_product(megaflops, mebibytes):
        product = _product(device, megaflops, mebibytes)
        if product > joules:
            return Term(product * calls, "own work as a matrix product")
    if not node.children and (megaflops or mebibytes):
        joules = max(pointwise_joules(device, mebibytes), device.launch_joules)
        return Term(joules * calls, "functional work, by bytes")
    return Term(joules * calls)


def _product(device: Coefficients, megaflops: float, mebibytes: float) -> float:
    """A product of unknown shapes: its bytes are spread over the regressor's columns."""
    columns = device.leaves["GEMM"].columns
    part = mebibytes / max(1, len(columns) - 1)
    return device.leaves["GEMM"].joules(
        [megaflops if column == "megaflops" else part for column in columns]
    )


def pointwise_joules(device: Coefficients, mebibytes: float) -> float:
    """By the coefficient under which pointwise work ran in training, as a module's own."""
    return (device.own["rest_mebibytes"] or device.leaves["LayerNorm"].slopes[0]) * mebibytes


def _is_product(megaflops: float, mebibytes: float) -> bool:
    return megaflops * MEGAFLOP > PRODUCT_INTENSITY * mebibytes * MEBIBYTE
