"""Rules for products: of matrices, convolutions, recurrent cells, low-bit and sparse ones."""

from __future__ import annotations

import math
import re
from typing import Any

import torch

from irene_jupyter.capture.count.cost import (
    FLOAT32_BYTES,
    Args,
    Cost,
    Kwargs,
    Rule,
    gemm,
    linear,
    product,
)
from irene_jupyter.capture.count.tensors import (
    density,
    elements,
    nbytes,
    parts,
    rows,
    tensors_in,
    traffic,
)


def _matmul(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    a, b = (*args, *kwargs.values())[:2]
    m = a.shape[-2] if a.dim() > 1 else 1
    k = a.shape[-1]
    n = b.shape[-1] if b.dim() > 1 else 1
    cost = gemm(out.numel() // max(m * n, 1), m, k, n, traffic(args, kwargs, out))
    return _of_stored(cost, a, b, out)


def _of_stored(cost: Cost, a: torch.Tensor, b: torch.Tensor, out: torch.Tensor) -> Cost:
    """The part of a product that sparse factors leave; of dense ones all."""
    if a.layout is b.layout is torch.strided:
        return cost
    share = density(a) * density(b)
    return product(cost.flops * share, cost.bytes, sum(map(elements, (a, b, out))))


def _baddbmm(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    factors = {k: kwargs[k] for k in ("batch1", "batch2") if k in kwargs}
    cost = _matmul(name, args[1:3], factors, out)
    if name == "addbmm":  # the products of the batch are added up
        batch = (*args[1:3], *factors.values())[0].shape[0]
        cost = cost.times(batch)
    cost.flops += out.numel()
    return cost


def _addmm(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    _, a, b = (*args, *kwargs.values())[:3]
    cost = gemm(1, a.shape[0], a.shape[1], b.shape[1], traffic(args, kwargs, out))
    return _of_stored(cost, a, b, out)


def _vectors(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    """Of vectors: dot and vdot (n) · (n), addr (m) ⊗ (n), addmv (m, k) · (k)."""
    _, b = [t for t in tensors_in((args, kwargs)) if t is not out][-2:]
    each = b.numel() if name != "addr" else 1
    flops = 2.0 * out.numel() * each
    given = tensors_in((args, kwargs))
    return product(flops, traffic(given, out), sum(map(elements, (*given, out))))


def _linear(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    x, weight, bias = (*args, *kwargs.values(), None, None)[:3]
    moved = traffic(args, kwargs, out)
    cost = linear(x.shape, weight.shape, isinstance(bias, torch.Tensor), moved)
    return _of_stored(cost, x, weight, out)


def _low_bit(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    """Rows (…, k) times packed weights of any layout: as the product of floats that it replaces.

    Sources of the layouts: torch's `_weight_int8pack_mm`, `_weight_int4pack_mm`, `_scaled_mm`,
    `_int_mm` and `torch.ops.quantized.linear*`.
    """
    x = next(t for t in tensors_in((args, kwargs)) if t is not out)
    k, n = x.shape[-1], out.shape[-1]
    return linear(x.shape, (n, k), False, _with_packed(args, kwargs, out))


def as_layer(module: Any, args: Args, kwargs: Kwargs, out: Any) -> Cost | None:
    """A call within a layer of so many features that takes and returns them: its product.

    So are kernels of other libraries counted, of bitsandbytes and the like; None for other calls.
    """
    k, n = getattr(module, "in_features", None), getattr(module, "out_features", None)
    given = [t for t in tensors_in(args) if t.is_floating_point() and t.dim() and t.shape[-1] == k]
    if n is None or not given or not isinstance(out, torch.Tensor) or out.shape[-1] != n:
        return None
    if given[0].shape[:-1] != out.shape[:-1]:
        return None
    shape = given[0].shape
    return linear(shape, (int(n), shape[-1]), False, _with_packed(args, kwargs, out))


def _convolution(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    given = [t for value in (*args, *kwargs.values()) for t in parts(value) if t is not out]
    x = given[0]
    weight = next(t for t in given[1:] if t.dim() == given[0].dim() or name == "conv_tbc")
    if name == "conv_tbc":  # (time, batch, channels), weight (time, in, out)
        flops = 2.0 * out.numel() * weight.shape[0] * weight.shape[1]
    else:
        # Each output (transposed: input) element meets the kernel of its group once.
        is_transposed = "transpose" in name or (len(args) > 6 and args[6] is True)
        positions = x.numel() if is_transposed else out.numel()
        flops = 2.0 * positions * math.prod(weight.shape[1:])
    moved = _with_packed(args, kwargs, out)
    return product(flops, moved, x.numel() + weight.numel() + out.numel())


def _recurrent(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    x = args[0]
    weights = _recurrent_weights(args)
    steps = x.shape[0] if x.dim() > 2 else 1  # the matrices are read again at each time step
    flops = 2.0 * rows(x.shape) * weights  # tokens: every one of them meets every weight
    moved = x.numel() + steps * weights + sum(t.numel() for t in tensors_in(out))
    return Cost(flops, _with_packed(args, kwargs, out), flops, moved * FLOAT32_BYTES)


def _recurrent_weights(args: Args) -> int:
    """Elements of the matrices of lstm, gru and the like."""
    for value in args:
        if isinstance(value, list | tuple) and value:
            held = [part for each in value for part in parts(each)]
            found = sum(t.numel() for t in held if t.dim() == 2)
            # A state has two dimensions as well, but comes as a tuple.
            if found and isinstance(value, list):
                return found
    return 0


def _cell(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    """One step: (x, state, w_ih, w_hh, …), x (batch, inputs) or (inputs)."""
    x = args[0]
    weights = sum(t.numel() for value in args[2:] for t in parts(value) if t.dim() == 2)
    flops = 2.0 * rows(x.shape) * weights
    moved = x.numel() + weights + sum(t.numel() for t in tensors_in(out))
    return Cost(flops, _with_packed(args, kwargs, out), flops, moved * FLOAT32_BYTES, flops)


def _with_packed(args: Args, kwargs: Kwargs, out: Any) -> float:
    """Bytes of all tensors, and of the weights that are packed into objects."""
    plain = {id(t) for t in tensors_in(args)}
    packed = [t for value in args for t in parts(value) if id(t) not in plain]
    return traffic(args, kwargs, out) + sum(t.numel() * t.element_size() for t in packed)


def _grouped_mm(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    """Rows (t, k) times the experts' weights (e, k, n) that they are routed to, t >= e or fewer."""
    a, b = (*args, *kwargs.values())[:2]
    flops = 2.0 * a.numel() * out.shape[-1]
    used = min(1.0, a.shape[0] / max(b.shape[0], 1))  # of the experts' weights
    moved = nbytes(a) + used * nbytes(b) + nbytes(out)
    return product(flops, moved, a.numel() + used * b.numel() + out.numel())


def _sampled(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    """sparse.sampled_addmm: (m, k) x (k, n) only where the sparse summand has values."""
    k = (*args, *kwargs.values())[1].shape[-1]
    given = tensors_in((args, kwargs))
    return product(
        2.0 * elements(out) * k, traffic(args, kwargs, out), sum(map(elements, (*given, out)))
    )


_CONVOLUTIONS = (
    "convolution _convolution conv1d conv2d conv3d conv_transpose1d conv_transpose2d "
    "conv_transpose3d conv_tbc slow_conv3d _slow_conv2d_forward slow_conv3d_forward "
    "slow_conv_dilated2d slow_conv_dilated3d slow_conv_transpose2d slow_conv_transpose3d "
    "thnn_conv2d _conv_depthwise2d conv_depthwise3d mkldnn_convolution cudnn_convolution "
    "cudnn_convolution_relu cudnn_convolution_add_relu cudnn_convolution_transpose "
    "miopen_convolution miopen_convolution_relu miopen_convolution_add_relu "
    "miopen_convolution_transpose miopen_depthwise_convolution _nnpack_spatial_convolution"
).split()
_LOW_BIT = (
    "_int_mm _scaled_mm _scaled_mm_v2 _weight_int8pack_mm _weight_int4pack_mm "
    "_weight_int4pack_mm_for_cpu _weight_int4pack_mm_with_scales_and_zeros "
    "_dyn_quant_matmul_4bit _mixed_dtypes_linear _wrapped_quantized_linear_prepacked "
    "fbgemm_linear_fp16_weight fbgemm_linear_fp16_weight_fp32_activation "
    "fbgemm_linear_int8_weight fbgemm_linear_int8_weight_fp32_activation"
).split()
# Operations of torch's own namespaces beside aten.
_OTHER_PRODUCTS = re.compile(r"(?:_?quantized|onednn|mkldnn|sparse)::.*?(linear|conv|matmul|_cell)")

PRODUCTS: dict[str, Rule] = {
    "matmul": _matmul,
    "baddbmm": _baddbmm,
    "addbmm": _baddbmm,
    "addmm": _addmm,
    **dict.fromkeys(("dot", "vdot", "addr", "addmv"), _vectors),
    **dict.fromkeys(("_sparse_mm", "hspmm", "_sparse_sparse_matmul"), _matmul),
    **dict.fromkeys(("_sparse_addmm", "sspaddmm", "_addmm_activation"), _addmm),
    "sparse_sampled_addmm": _sampled,
    **dict.fromkeys(("linear", "mkldnn_linear"), _linear),
    **dict.fromkeys(_LOW_BIT, _low_bit),
    **dict.fromkeys(("grouped_mm", "_scaled_grouped_mm", "_scaled_grouped_mm_v2"), _grouped_mm),
    **dict.fromkeys(_CONVOLUTIONS, _convolution),
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), _recurrent),
    **dict.fromkeys(("quantized_lstm", "quantized_gru"), _recurrent),
    **{
        f"{before}{kind}_cell": _cell
        for kind in ("lstm", "gru", "rnn_tanh", "rnn_relu")
        for before in ("", "quantized_")
    },
}


def product_rule(name: str) -> Rule | None:
    """The rule for a product, None for other work."""
    rule = PRODUCTS.get(name)
    if rule is None and "::" in name and (found := _OTHER_PRODUCTS.match(name)):
        return _OTHER_RULES[found[1]]
    return rule


_OTHER_RULES = {"linear": _low_bit, "matmul": _low_bit, "conv": _convolution, "_cell": _cell}
