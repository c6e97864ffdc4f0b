"""Operations and bytes of one torch function call: one table of rules.

Two counts are kept. The *actual* one is what this call really needs: floating-point operations,
and the bytes of the tensors that it reads and writes in their own dtypes. The *canonical* one
counts as the published IrEne data do (torch 1.7.1, transformers 4.2.2, float32): it reproduces
the leaves of those data exactly, and it is what the regressors are trained on.
Source: features of Cao et al., ACL 2021, table 1; rules found by comparing with the released data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

FLOAT32_BYTES = 4


@dataclass(slots=True)
class Cost:
    """What one call costs: flops and bytes, actual and canonical. Adds up in place."""

    flops: float = 0.0
    bytes: float = 0.0
    canonical_flops: float = 0.0
    canonical_bytes: float = 0.0

    def __iadd__(self, other: Cost) -> Cost:
        self.flops += other.flops
        self.bytes += other.bytes
        self.canonical_flops += other.canonical_flops
        self.canonical_bytes += other.canonical_bytes
        return self

    @property
    def is_zero(self) -> bool:
        return not (self.flops or self.bytes or self.canonical_flops or self.canonical_bytes)


Args = Sequence[Any]
Kwargs = Mapping[str, Any]
Rule = Callable[[str, Args, Kwargs, Any], Cost]

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
    "expand_as flatten unflatten select narrow movedim diagonal __getitem__ unfold slice".split()
)

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
    "feature_alpha_dropout": "dropout",
}  # fmt: skip


def canonical_name(func: Any) -> str:
    """The name that the rules use: `torch.Tensor.__iadd__`, `add_` and `torch.add` are "add"."""
    name: str = getattr(func, "__name__", "")
    if name in _ALIASES:
        return _ALIASES[name]
    if name.endswith("_") and not name.endswith("__"):
        name = name[:-1]
        return _ALIASES.get(name, name)
    return name


def tensors_in(value: Any) -> list[torch.Tensor]:
    """The tensors in nested tuples, lists and mappings, in order."""
    found: list[torch.Tensor] = []
    _collect(value, found, 0)
    return found


def _collect(value: Any, found: list[torch.Tensor], depth: int) -> None:
    if isinstance(value, torch.Tensor):
        found.append(value)
    elif value is None or isinstance(value, int | float | str):
        return  # most arguments; to ask whether they are mappings takes far longer
    elif depth < 8 and isinstance(value, tuple | list):
        for item in value:
            _collect(item, found, depth + 1)
    elif depth < 8 and isinstance(value, Mapping):
        for item in value.values():
            _collect(item, found, depth + 1)


def nbytes(tensor: torch.Tensor) -> int:
    """Bytes of a tensor's elements, each once (an expanded tensor counts its storage)."""
    try:
        return min(tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes())
    except (RuntimeError, NotImplementedError):  # sparse and wrapped tensors have no storage
        return tensor.numel() * tensor.element_size()


def count(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost | None:
    """The cost of the call `name(*args, **kwargs) -> out`, None where it computes nothing.

    `name` is a `canonical_name`. A function that the table does not know costs one operation
    for each element of its floating-point output, and its inputs and outputs in bytes.
    """
    if name in FREE:
        return None
    rule = RULES.get(name)
    if rule is not None:
        return rule(name, args, kwargs, out)
    if name in ELEMENTWISE:
        return _elementwise(name, args, kwargs, out)
    return _unknown(name, args, kwargs, out)


def _traffic(args: Args, kwargs: Kwargs, out: Any) -> float:
    return float(sum(nbytes(t) for t in (*tensors_in(args), *tensors_in(kwargs), *tensors_in(out))))


def _shares_storage(out: torch.Tensor, args: Args) -> bool:
    """Whether `out` is one of the arguments, or a view of one: nothing was moved."""
    first = args[0] if args else None
    if not isinstance(first, torch.Tensor):
        return False
    if first is out:
        return True
    try:
        return bool(first.untyped_storage()._cdata == out.untyped_storage()._cdata)
    except (RuntimeError, NotImplementedError):
        return False


def _elementwise(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    if not isinstance(out, torch.Tensor):
        return _unknown(name, args, kwargs, out) or Cost()
    flops, moves = ELEMENTWISE[name]
    size = out.numel()
    moved = 0.0 if flops == 0 and _shares_storage(out, args) else _traffic(args, kwargs, out)
    return Cost(flops * size, moved, flops * size, moves * size * FLOAT32_BYTES)


def _unknown(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost | None:
    outputs = tensors_in(out)
    if not outputs or all(_shares_storage(t, args) for t in outputs):
        return None
    size = sum(t.numel() for t in outputs if t.is_floating_point())
    inputs = tensors_in(args)
    largest = max((t.numel() for t in inputs if t.is_floating_point()), default=0)
    work = max(size, largest if size else 0)  # a reduction works on its input
    moved = sum(t.numel() for t in (*inputs, *outputs) if t.is_floating_point())
    return Cost(work, _traffic(args, kwargs, out), work, moved * FLOAT32_BYTES)


def _matmul(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    a, b = (*args, *kwargs.values())[:2]
    m = a.shape[-2] if a.dim() > 1 else 1
    k = a.shape[-1]
    n = b.shape[-1] if b.dim() > 1 else 1
    return gemm(out.numel() // max(m * n, 1), m, k, n, _traffic(args, kwargs, out))


def gemm(batch: int, m: int, k: int, n: int, traffic: float) -> Cost:
    """A batched product (m, k) x (k, n); `traffic` is the actual bytes."""
    flops = 2.0 * batch * m * k * n
    moves = batch * (m * k + k * n + m * n)
    return Cost(flops, traffic, flops, moves * FLOAT32_BYTES)


def _baddbmm(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    cost = _matmul(
        name, args[1:3], {k: kwargs[k] for k in ("batch1", "batch2") if k in kwargs}, out
    )
    cost.flops += out.numel()
    return cost


def _addmm(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    _, a, b = (*args, *kwargs.values())[:3]
    return gemm(1, a.shape[0], a.shape[1], b.shape[1], _traffic(args, kwargs, out))


def _einsum(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    equation, *operands = args
    operands = tensors_in(operands)
    traffic = _traffic(operands, {}, out)
    elements = sum(t.numel() for t in (*operands, out))
    sizes: dict[str, int] = {}
    if isinstance(equation, str) and "..." not in equation:
        for term, tensor in zip(
            equation.replace(" ", "").split("->")[0].split(","), operands, strict=False
        ):
            sizes.update(zip(term, tensor.shape, strict=False))
        work = float(math.prod(sizes.values()))
    else:  # an ellipsis: contracted size from the element counts of a batched product
        work = math.sqrt(math.prod(float(t.numel()) for t in (*operands, out)))
    factor = 2.0 if len(operands) > 1 else 1.0
    return Cost(factor * work, traffic, factor * work, elements * FLOAT32_BYTES)


def _linear(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    x, weight, bias = (*args, *kwargs.values(), None, None)[:3]
    traffic = _traffic(args, kwargs, out)
    return linear(x.shape, weight.shape, isinstance(bias, torch.Tensor), traffic)


def linear(x: Sequence[int], weight: Sequence[int], bias: bool, traffic: float) -> Cost:
    """x (…, k) times weight (n, k): from three dimensions on, a batched product in the data."""
    n, k = (weight[0], weight[1]) if len(weight) > 1 else (1, weight[0])
    rows = math.prod(x[:-1])
    if len(x) <= 2:
        return gemm(1, rows, k, n, traffic)
    batch = math.prod(x[:-2])
    cost = gemm(batch, x[-2], k, n, traffic)
    if bias:
        cost += Cost(rows * n, 0.0, rows * n, 2 * rows * n * FLOAT32_BYTES)
    return cost


def _embedding(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    ids = next((t for t in (*args, *kwargs.values()) if _is_ids(t)), None)
    read = 0 if ids is None else ids.numel() * ids.element_size()
    written = out.numel()
    return Cost(0.0, read + 2.0 * written * out.element_size(), 0.0, read + written * FLOAT32_BYTES)


def _is_ids(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and not value.is_floating_point()


def _convolution(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    x, weight = (*args, *kwargs.values())[:2]
    # Each output (transposed: input) element meets the kernel of its group once.
    positions = x.numel() if "transpose" in name else out.numel()
    per_position = math.prod(weight.shape[1:])
    flops = 2.0 * positions * per_position
    elements = x.numel() + weight.numel() + out.numel()
    return Cost(flops, _traffic(args, kwargs, out), flops, elements * FLOAT32_BYTES)


def _recurrent(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    x = args[0]
    flat_weights = next((arg for arg in args if isinstance(arg, list)), [])
    weights = sum(t.numel() for t in flat_weights if t.dim() == 2)
    rows = math.prod(x.shape[:-1])  # tokens: every one of them meets every weight
    steps = x.shape[0] if x.dim() > 2 else 1  # the matrices are read again at each time step
    flops = 2.0 * rows * weights
    moved = x.numel() + steps * weights + sum(t.numel() for t in tensors_in(out))
    return Cost(flops, _traffic(args, kwargs, out), flops, moved * FLOAT32_BYTES)


def _pool(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    inputs = sum(t.numel() for t in tensors_in(args))
    written = sum(t.numel() for t in tensors_in(out))
    moved = (inputs + written) * FLOAT32_BYTES
    return Cost(inputs, _traffic(args, kwargs, out), inputs, moved)


def _grouped_mm(name: str, args: Args, kwargs: Kwargs, out: Any) -> Cost:
    """Rows (t, k) times the experts' weights (e, k, n) that they are routed to, t >= e or fewer."""
    a, b = (*args, *kwargs.values())[:2]
    flops = 2.0 * a.numel() * out.shape[-1]
    used = min(1.0, a.shape[0] / max(b.shape[0], 1))  # of the experts' weights
    elements = a.numel() + used * b.numel() + out.numel()
    traffic = nbytes(a) + used * nbytes(b) + nbytes(out)
    return Cost(flops, traffic, flops, elements * FLOAT32_BYTES)


RULES: dict[str, Rule] = {
    "matmul": _matmul,
    "baddbmm": _baddbmm,
    "addbmm": _baddbmm,
    "addmm": _addmm,
    "einsum": _einsum,
    "linear": _linear,
    "embedding": _embedding,
    "embedding_bag": _embedding,
    "grouped_mm": _grouped_mm,
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "conv_transpose1d"), _convolution),
    **dict.fromkeys(("conv_transpose2d", "conv_transpose3d"), _convolution),
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), _recurrent),
    **dict.fromkeys(
        tuple(
            f"{kind}_pool{n}d"
            for kind in ("max", "avg", "adaptive_max", "adaptive_avg", "lp")
            for n in (1, 2, 3)
        ),
        _pool,
    ),
}
