"""Operations and bytes of one torch function call: one table of rules.

Two counts are kept. The *actual* one is what this call really needs: floating-point operations,
and the bytes of the tensors that it reads and writes in their own dtypes. The *canonical* one
counts as the published IrEne data do (torch 1.7.1, transformers 4.2.2, float32): it reproduces
the leaves of those data exactly, and it is what the regressors are trained on.
Source: features of Cao et al., ACL 2021, table 1; rules found by comparing with the released data.
"""

from __future__ import annotations

from typing import Any

import torch
from torch._ops import HigherOrderOperator, OpOverload, OpOverloadPacket

from irene_jupyter.capture.count.cost import FLOAT32_BYTES, Args, Cost, Kwargs, Rule
from irene_jupyter.capture.count.formulas import flops_of
from irene_jupyter.capture.count.kernels import is_composite, work_of
from irene_jupyter.capture.count.nested import examples, is_nested_call
from irene_jupyter.capture.count.products import product_rule
from irene_jupyter.capture.count.tensors import elements, shares_storage, tensors_in, traffic

# Per output element: (floating-point operations, elements read and written), canonical.
ELEMENTWISE: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("add", "sub", "rsub", "div", "true_divide", "pow", "neg"), (1, 2)),
    **dict.fromkeys(("relu", "leaky_relu", "relu6", "hardtanh", "clamp"), (1, 2)),
    **dict.fromkeys(("mul", "addcmul"), (1, 3)),
    **dict.fromkeys(("gelu", "silu", "mish", "logsigmoid", "softplus", "elu"), (6, 2)),
    **dict.fromkeys(("sigmoid", "exp", "log", "sin", "cos", "erf", "rsqrt", "sqrt"), (4, 2)),
    "tanh": (4, 1),
    **dict.fromkeys(("softmax", "log_softmax"), (5, 3)),
    **dict.fromkeys(
        ("layer_norm", "group_norm", "rms_norm", "batch_norm", "instance_norm"), (8, 4)
    ),
    # The published data count these as free: views, and what they take for views.
    **dict.fromkeys(("dropout", "contiguous", "where", "masked_fill", "to", "type_as"), (0, 0)),
    **dict.fromkeys(("float", "half", "bfloat16", "long", "int", "bool", "clone"), (0, 0)),
    **dict.fromkeys(("cat", "concat", "stack"), (0, 0)),  # the cache of keys and values
    **dict.fromkeys(("copy", "fill", "zero", "index_copy"), (0, 0)),  # a static one
    **dict.fromkeys(("pad", "repeat", "repeat_interleave"), (0, 2)),
}

# Functions that compute nothing, whatever they return: metadata, creation, control.
FREE = frozenset(
    "__get__ __set__ size dim numel stride is_contiguous item tolist __len__ __bool__ __int__ "
    "__float__ __index__ __format__ __repr__ __hash__ __contains__ detach requires_grad_ "
    "data_ptr untyped_storage element_size is_floating_point is_complex get_device empty "
    "empty_like new_empty zeros zeros_like new_zeros ones ones_like new_ones full full_like "
    "new_full arange tensor as_tensor eye finfo iinfo is_storage "
    "_has_compatible_shallow_copy_type broadcast_shapes broadcast_tensors set_ __setstate__ "
    "__reduce_ex__ result_type can_cast get_default_dtype _is_view has_torch_function unbind "
    "split chunk view view_as reshape transpose permute t swapaxes unsqueeze squeeze expand "
    "expand_as flatten unflatten select narrow movedim diagonal __getitem__ slice alias "
    "lift_fresh as_strided sym_size sym_stride sym_numel sym_storage_offset sym_is_contiguous "
    "is_same_size _has_same_storage_numel _local_scalar_dense scalar_tensor empty_strided".split()
)

# They read values, so that they cannot be called without data, and hold no product.
_LIGHT = frozenset(
    "unique unique_consecutive ctc_loss to_sparse to_sparse_csr to_sparse_csc to_sparse_bsr "
    "to_sparse_bsc to_dense coalesce to_padded_tensor nested_to_padded_tensor argwhere isclose "
    "equal allclose interpolate upsample pack_padded_sequence pad_packed_sequence one_hot".split()
)

# Namespaces of torch's own whose operations are named as its functions are.
_TRANSPARENT = frozenset({"aten", "prims", "prim"})
_OWN = frozenset({"quantized", "_quantized", "mkldnn", "onednn", "sparse", "inductor"})

_ALIASES = {
    "__radd__": "add", "__add__": "add", "__iadd__": "add",
    "__sub__": "sub", "__rsub__": "sub", "__isub__": "sub",
    "__mul__": "mul", "__rmul__": "mul", "__imul__": "mul", "multiply": "mul",
    "__truediv__": "div", "__rtruediv__": "div", "__itruediv__": "div", "divide": "div",
    "__pow__": "pow", "__rpow__": "pow", "square": "pow",
    "__matmul__": "matmul", "__rmatmul__": "matmul", "__imatmul__": "matmul", "mm": "matmul",
    "bmm": "matmul", "mv": "matmul", "_softmax": "softmax", "native_layer_norm": "layer_norm",
    "feature_dropout": "dropout", "alpha_dropout": "dropout", "_grouped_mm": "grouped_mm",
    "grouped_mm_fallback": "grouped_mm",
    "feature_alpha_dropout": "dropout", "native_dropout": "dropout",
    "linalg_matmul": "matmul", "_log_softmax": "log_softmax",
    "_safe_softmax": "softmax", "native_group_norm": "group_norm",
    "native_batch_norm": "batch_norm", "_native_batch_norm_legit": "batch_norm",
    "_native_batch_norm_legit_functional": "batch_norm", "cudnn_batch_norm": "batch_norm",
    "_native_batch_norm_legit_no_training": "batch_norm", "_fused_rms_norm": "rms_norm",
    "_to_copy": "to", "convert_element_type": "to", "_unsafe_view": "view",
    "_reshape_alias": "view", "_adaptive_avg_pool2d": "adaptive_avg_pool2d",
    "_adaptive_avg_pool3d": "adaptive_avg_pool3d", "_embedding_bag": "embedding_bag",
    "_embedding_bag_forward_only": "embedding_bag", "split_with_sizes": "split",
    "_sparse_mm_reduce_impl": "_sparse_mm", "_conv_depthwise3d": "conv_depthwise3d",
}  # fmt: skip


_OPERATIONS = (OpOverload, OpOverloadPacket)


def canonical_name(func: Any) -> str:
    """The name that the rules use: `torch.Tensor.__iadd__`, `add_` and `torch.add` are "add".

    So is `torch.ops.aten.add_.Tensor`; operations of other libraries keep their namespace,
    "torchvision::nms".
    """
    name: str = getattr(func, "__name__", "")
    if isinstance(func, _OPERATIONS):
        name = name.partition(".")[0]
        namespace = func.__module__.rpartition(".")[2]
        if namespace not in _TRANSPARENT:
            return f"{namespace}::{name.removesuffix('_')}"
    if name in _ALIASES:
        return _ALIASES[name]
    if name.endswith("_") and not name.endswith("__"):
        name = name[:-1]
        return _ALIASES.get(name, name)
    return name


def count(name: str, args: Args, kwargs: Kwargs, out: Any, function: Any = None) -> Cost | None:
    """The cost of the call `name(*args, **kwargs) -> out`, None where it computes nothing.

    `name` is a `canonical_name`. Where neither table nor formula knows it and it is a function of
    torch's own, the kernels that it consists of are counted, if `function` is given. Anything else
    costs one operation for each element of its floating-point output; see `is_unknown`.
    """
    if name in FREE:
        return None
    if is_nested_call(args, out):
        return _nested(name, args, kwargs, out, function)
    rule = RULES.get(name) or product_rule(name)
    if rule is not None:
        return rule(name, args, kwargs, out)
    if name in ELEMENTWISE:
        return _elementwise(name, args, kwargs, out, function)
    plain = _plain(args, kwargs, out, function)
    if plain is None:
        return None
    found = flops_of(name, args, kwargs, out)
    if found is not None:
        plain.flops = plain.canonical_flops = found[0]
        plain.product_flops = found[0] if found[1] else 0.0
    elif name not in _LIGHT and is_composite(name, function, args, kwargs):
        below = work_of(function, args, kwargs, _kernel)
        if below is not None:
            plain.flops = plain.canonical_flops = below.flops
            plain.product_flops = below.product_flops
    return plain


def _nested(name: str, args: Args, kwargs: Kwargs, out: Any, function: Any) -> Cost | None:
    """Example by example; what all of them share is read once."""
    total = Cost()
    for times, each, named, returned in examples(args, kwargs, out):
        cost = count(name, each, named, returned, function)
        if cost is None:
            return None
        total += cost.times(times)
    total.bytes = traffic(args, kwargs, out)
    return total


def _kernel(function: Any, args: Args, kwargs: Kwargs, out: Any) -> Cost | None:
    """The cost of one aten operation."""
    return count(canonical_name(function), args, kwargs, out)


def is_unknown(name: str, function: Any, args: Args, kwargs: Kwargs, out: Any) -> bool:
    """Whether what a call computes is not known: a user's own operation, or one beyond us."""
    if name in RULES or name in ELEMENTWISE or name in _LIGHT or product_rule(name) is not None:
        return False
    if "::" in name:
        return name.partition("::")[0] not in _OWN and flops_of(name, args, kwargs, out) is None
    if isinstance(function, HigherOrderOperator):
        return True
    if flops_of(name, args, kwargs, out) is not None:
        return False
    if not is_composite(name, function, args, kwargs):
        return False
    return work_of(function, args, kwargs, _kernel) is None


def _elementwise(name: str, args: Args, kwargs: Kwargs, out: Any, function: Any) -> Cost | None:
    if not isinstance(out, torch.Tensor):
        first = next(iter(tensors_in(out)), None)  # of native_layer_norm and the like
        if first is None:
            return _plain(args, kwargs, out, function)
        out = first
    flops, moves = ELEMENTWISE[name]
    size = elements(out)
    moved = 0.0
    if not flops and is_in_place(function):  # what was there is not read
        moved = traffic(args[1:], kwargs, out)
    elif flops or not shares_storage(out, args):
        moved = traffic(args, kwargs, out)
    return Cost(flops * size, moved, flops * size, moves * size * FLOAT32_BYTES)


def _plain(args: Args, kwargs: Kwargs, out: Any, function: Any) -> Cost | None:
    """One operation an element, of the input where that is larger, as a reduction's is."""
    outputs = tensors_in(out)
    if not outputs:
        return None
    if not is_in_place(function) and all(shares_storage(t, args) for t in outputs):
        return None
    size = sum(elements(t) for t in outputs if t.is_floating_point())
    inputs = tensors_in(args)
    largest = max((elements(t) for t in inputs if t.is_floating_point()), default=0)
    work = max(size, largest if size else 0)  # a reduction works on its input
    moved = sum(elements(t) for t in (*inputs, *outputs) if t.is_floating_point())
    return Cost(work, traffic(args, kwargs, out), work, moved * FLOAT32_BYTES)


def is_in_place(function: Any) -> bool:
    """Whether a function's name says that it changes its first argument: `add_`, `__iadd__`."""
    name: str = getattr(function, "__name__", "").partition(".")[0]
    return (name.endswith("_") and not name.endswith("__")) or name.startswith("__i")


def _einsum(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    """By its kernels: torch contracts pairs of operands, in the order that it chose."""
    operands = tensors_in(args)
    moved = sum(map(elements, (*operands, out)))
    cost = work_of(torch.functional.einsum, args, kwargs, _kernel) or Cost(moved)
    return Cost(
        cost.flops, traffic(operands, out), cost.flops, moved * FLOAT32_BYTES, cost.product_flops
    )


def _embedding(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    ids = next((t for t in (*args, *kwargs.values()) if _is_ids(t)), None)
    read = 0 if ids is None else ids.numel() * ids.element_size()
    first = tensors_in(out)[0]
    written = first.numel()
    moved = read + 2.0 * written * first.element_size()
    return Cost(0.0, moved, 0.0, read + written * FLOAT32_BYTES)


def _is_ids(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and not value.is_floating_point()


def _pool(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    inputs = sum(t.numel() for t in tensors_in(args))
    written = sum(t.numel() for t in tensors_in(out))
    moved = (inputs + written) * FLOAT32_BYTES
    return Cost(inputs, traffic(args, kwargs, out), inputs, moved)


RULES: dict[str, Rule] = {
    "einsum": _einsum,
    "embedding": _embedding,
    "embedding_bag": _embedding,
    **dict.fromkeys(
        tuple(
            f"{kind}_pool{n}d"
            for kind in ("max", "avg", "adaptive_max", "adaptive_avg", "lp")
            for n in (1, 2, 3)
        ),
        _pool,
    ),
}
