"""The same tree with weights of fewer bits: what a quantized model would ask of a board."""

from __future__ import annotations

import math
from dataclasses import replace

from irene_jupyter.errors import OptionError
from irene_jupyter.predictors.forms.dtypes import PACKINGS, Packing, is_half, item_bytes
from irene_jupyter.tree import Node

# Heads of language models keep their bits, as transformers and bitsandbytes have it by default.
_KEPT = ("lm_head", "embed_out", "score", "classifier", "pooler")


def packed(root: Node, dtype: str) -> Node:
    """A copy of a tree in half precision whose products with weights are in `dtype`.

    One of `PACKINGS`. Bytes of the nodes above follow. Raises `OptionError` for another dtype, and
    for a tree that is not in half precision.
    """
    packing = PACKINGS.get(dtype)
    if packing is None:
        raise OptionError(f"weights cannot be {dtype!r}: give one of {', '.join(PACKINGS)}")
    if not is_half(root.features.dtype):
        raise OptionError(
            f"weights in {dtype} are for models in half precision, and this one is in "
            f"{root.features.dtype}: give it dtype bfloat16 or float16 first"
        )
    return _packed(root, dtype, packing)[0]


def _packed(node: Node, dtype: str, packing: Packing) -> tuple[Node, float]:
    """The node, and the bytes that it reads less."""
    its = node.features
    if node.primitive in ("Linear", "Conv1D") and not _is_kept(node.path):
        less = its.num_parameters * (item_bytes(its.dtype) - packing.weight_bytes) * its.calls
        less = min(less, its.bytes)
        return replace(node, features=replace(its, dtype=dtype, bytes=its.bytes - less)), less
    below = [_packed(child, dtype, packing) for child in node.children]
    less = math.fsum(each for _, each in below)
    if not less:
        return node, 0.0
    features = replace(its, bytes=max(0.0, its.bytes - less))
    return replace(node, children=tuple(child for child, _ in below), features=features), less


def _is_kept(path: str) -> bool:
    return path.rpartition(".")[2] in _KEPT
