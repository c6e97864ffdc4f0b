"""How the published data count attention, whatever ran: eager, fused, or torch's own.

The data come from transformers 4.2.2, where every attention core is matmul, scale, mask, softmax,
matmul. transformers 5 scales elsewhere, skips masks, or calls one fused kernel. The canonical
rule makes them comparable: a core has three leaves (MatMul, Softmax, MatMul), and on the module
around them a scale of (1 flop, 2 moves) for each score and, unless the attention is causal, a
mask addition of (1, 2). Exceptions as in 4.2.2: DistilBERT scales its queries and adds no mask;
OpenAI-GPT is counted as it runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from irene_jupyter.capture.count.cost import FLOAT32_BYTES, Cost, gemm, linear, softmax
from irene_jupyter.capture.count.nested import examples
from irene_jupyter.capture.count.tensors import nbytes, tensors_in

Shape = tuple[int, ...]

_SCALES_QUERIES = frozenset({"DistilBertSelfAttention", "MultiHeadSelfAttention"})
_COUNTED_AS_RUN = "transformers.models.openai."  # the module of their classes
# Between the first matmul and the softmax, on tensors of the scores' shape.
_SCORE_FUNCTIONS = frozenset(
    "add sub rsub mul div true_divide pow where masked_fill to type_as float contiguous".split()
)

# Functions that are a whole attention core: all begin with query, key, value.
FUSED_ATTENTION = frozenset(
    "scaled_dot_product_attention flex_attention _scaled_dot_product_flash_attention_for_cpu "
    "_scaled_dot_product_flash_attention _scaled_dot_product_efficient_attention "
    "_scaled_dot_product_cudnn_attention _scaled_dot_product_attention_math "
    "_scaled_dot_product_fused_attention_overrideable".split()
)


@dataclass(slots=True)
class Leaf:
    """A functional primitive that a larger call consists of."""

    primitive: str
    base: str  # of the node's name
    cost: Cost
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    flags: tuple[str, ...] = ()


@dataclass(slots=True)
class AttentionCore:
    """Follows one eager attention core within a module's forward: matmul … softmax, matmul."""

    module: Any
    scores: Shape = ()
    pending: Cost = field(default_factory=Cost)  # between matmul and softmax
    head_size: int = 0

    def matmul(self, args: Sequence[Any], out: Any) -> Cost:
        """Call for every functional matmul. Returns what an unfinished core had pending."""
        unfinished = self.flush()
        if isinstance(out, torch.Tensor) and out.dim() >= 3:
            self.scores = tuple(out.shape)
            first = args[0] if args else None
            self.head_size = int(first.shape[-1]) if isinstance(first, torch.Tensor) else 0
        return unfinished

    def holds(self, name: str, out: Any) -> bool:
        """Whether `name` works on the scores before their softmax."""
        return (
            bool(self.scores)
            and name in _SCORE_FUNCTIONS
            and isinstance(out, torch.Tensor)
            and tuple(out.shape) == self.scores
        )

    def softmax(self, out: Any) -> Cost:
        """Call for every softmax: the canonical cost of scale and mask, if it closes a core."""
        if not self.scores or tuple(getattr(out, "shape", ())) != self.scores:
            return self.flush()
        if type(self.module).__module__.startswith(_COUNTED_AS_RUN):
            return self.flush()
        cost = scale_and_mask(self.module, self.scores, self.head_size, is_causal(self.module))
        self.scores, self.pending = (), Cost()
        return cost

    def flush(self) -> Cost:
        """What is pending, as it ran; the core is over."""
        pending, self.pending, self.scores = self.pending, Cost(), ()
        return Cost(0.0, 0.0, pending.canonical_flops, pending.canonical_bytes)


def is_causal(module: Any, default: bool = False) -> bool:
    """Whether an attention module masks the future, by its `is_causal` attribute."""
    value = getattr(module, "is_causal", None)
    return default if value is None else bool(value)


def scale_and_mask(module: Any, scores: Shape, head_size: int, causal: bool) -> Cost:
    """Canonical cost of scaling and masking `scores` (…, queries, keys)."""
    size = 1
    for n in scores:
        size *= n
    if type(module).__name__ in _SCALES_QUERIES:
        queries = size // max(scores[-1], 1) * head_size
        return Cost(0.0, 0.0, queries, 2 * queries * FLOAT32_BYTES)
    times = 1 if causal else 2
    return Cost(0.0, 0.0, times * size, times * 2 * size * FLOAT32_BYTES)


def expand_attention(
    module: Any, args: Sequence[Any], kwargs: Mapping[str, Any], out: Any
) -> tuple[list[Leaf], Cost]:
    """`scaled_dot_product_attention` as its three leaves, and what the module around pays.

    Shapes: query (…, H, L, E), key (…, Hk, S, E), value (…, Hk, S, Ev). The actual bytes are a
    fused kernel's: scores are never written; a backend that falls back to unfused math moves more.
    """
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    query, key, value = given["query"], given["key"], given["value"]
    if query.is_nested:
        return _expand_nested(module, (query, key, value), given, out)
    returned = tensors_in(out)  # torch's kernels return more than the result
    if not returned:
        return [], Cost()
    out = returned[0]
    length, width = query.shape[-2], query.shape[-1]
    keys, value_width = key.shape[-2], value.shape[-1]
    batch = query.numel() // max(length * width, 1)
    scores = (*query.shape[:-1], keys)
    size = batch * length * keys
    leaves = [
        Leaf(
            "MatMul",
            "matmul",
            gemm(batch, length, width, keys, nbytes(query) + nbytes(key)),
            (tuple(query.shape), (*key.shape[:-2], width, keys)),
            scores,
        ),
        Leaf("Softmax", "softmax", softmax(size), (scores,), scores),
        Leaf(
            "MatMul",
            "matmul",
            gemm(batch, length, keys, value_width, nbytes(value) + nbytes(out)),
            (scores, tuple(value.shape)),
            tuple(out.shape),
        ),
    ]
    causal = is_causal(module, default=bool(given.get("is_causal")))
    around = scale_and_mask(module, scores, width, causal)
    around.flops += size  # the kernel scales, too
    return leaves, around


def _expand_nested(
    module: Any, args: Sequence[Any], given: Mapping[str, Any], out: Any
) -> tuple[list[Leaf], Cost]:
    """The core of examples of different lengths: their sums, with the shapes of the first."""
    causal = {"is_causal": given.get("is_causal", False)}
    leaves: list[Leaf] = []
    around = Cost()
    for times, inner, _, returned in examples(args, {}, out):
        parts, beside = expand_attention(module, inner, causal, returned)
        around += beside.times(times)
        for part in parts:
            part.cost = part.cost.times(times)
        for leaf, part in zip(leaves, parts, strict=False):
            leaf.cost += part.cost
        leaves = leaves or parts
    return leaves, around


def expand_multi_head(args: Sequence[Any], kwargs: Mapping[str, Any], out: Any) -> list[Leaf]:
    """`torch.nn.functional.multi_head_attention_forward` as projections and attention core.

    Shapes: query (L, N, E), key and value (S, N, Ek/Ev), or without N.
    """
    names = ("query", "key", "value", "embed_dim_to_check", "num_heads", "in_proj_weight")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    query, key, value = given["query"], given["key"], given["value"]
    heads = int(given["num_heads"])
    batch = query.shape[1] if query.dim() == 3 else 1
    length, keys, width = query.shape[0], key.shape[0], query.shape[-1]
    head = width // heads
    element = query.element_size()

    def projection(base: str, tensor: torch.Tensor) -> Leaf:
        rows, k = tensor.numel() // tensor.shape[-1], tensor.shape[-1]
        traffic = element * (rows * k + k * width + rows * width)
        cost = linear(tensor.shape, (width, k), True, traffic)
        return Leaf("Linear", base, cost, (tuple(tensor.shape),), (*tensor.shape[:-1], width))

    scores = (batch, heads, length, keys)
    size = batch * heads * length * keys
    core = [(length, head, keys), (length, keys, head)]
    products = [
        Leaf(
            "MatMul",
            "matmul",
            gemm(batch * heads, m, k, n, element * batch * heads * (m * k + k * n + m * n)),
            ((batch, heads, m, k), (batch, heads, k, n)),
            (batch, heads, m, n),
        )
        for m, k, n in core
    ]
    return [
        projection("in_proj_query", query),
        projection("in_proj_key", key),
        projection("in_proj_value", value),
        products[0],
        Leaf("Softmax", "softmax", softmax(size, FLOAT32_BYTES * size), (scores,), scores),
        products[1],
        projection("out_proj", query),
    ]


def expanded_positions(parent: str, name: str, cost: Cost, ids: Shape, batch_size: int) -> Cost:
    """DistilBERT's position embedding, which 4.2.2 looked up for every row of the batch."""
    once = len(ids) < 2 or ids[0] == 1
    if parent in ("Embeddings", "DistilBertEmbeddings") and name == "position_embeddings" and once:
        return Cost(0.0, 0.0, 0.0, cost.canonical_bytes * (batch_size - 1))
    return Cost()
