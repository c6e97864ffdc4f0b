"""The registry of ml primitives: which modules and torch functions are leaves of a tree.

Open to users:

    class Snake(torch.nn.Module): ...
    irene_jupyter.register_primitive("Snake", modules=[Snake])
    irene_jupyter.register_primitive("CDist", functions=["cdist"], flops=lambda a, b: 3 * a.numel())

Source of the built-in set: Cao et al., ACL 2021, section 4 (the ml level), and what current
models add to it (RMSNorm, SiLU, experts, convolutions).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn

from irene_jupyter.capture.count.tensors import is_packed
from irene_jupyter.errors import OptionError

FlopsRule = Callable[..., float]  # of a call's tensors, in order


@dataclass(frozen=True, slots=True)
class Primitive:
    """A registered primitive: its name, and what makes a module or a function call one.

    `modules` are classes, or class names matched along a module's ancestors. `functions` are
    the names of torch functions (`torch.cdist` is "cdist"). `flops` counts one call of such a
    function from the tensors that it is given; None takes the rule of `counting.py`.
    """

    name: str
    modules: tuple[type[nn.Module] | str, ...] = ()
    functions: tuple[str, ...] = ()
    flops: FlopsRule | None = None


# Functions that are primitives wherever they run outside of a leaf module, and the base of
# their names in the tree. An attention core is three of them (see `recording.py`).
_FUNCTIONS = {
    "matmul": ("MatMul", "matmul"),
    "baddbmm": ("MatMul", "matmul"),
    "addbmm": ("MatMul", "matmul"),
    "einsum": ("MatMul", "matmul"),
    "addmm": ("Conv1D", "addmm"),
    "softmax": ("Softmax", "softmax"),
    "linear": ("Linear", "linear"),
    "layer_norm": ("LayerNorm", "layer_norm"),
    "rms_norm": ("RMSNorm", "rms_norm"),
    "embedding": ("Embedding", "embedding"),
    "grouped_mm": ("GroupedMatMul", "grouped_mm"),
    "conv1d": ("Conv1d", "conv1d"),
    "conv2d": ("Conv2d", "conv2d"),
    "conv3d": ("Conv3d", "conv3d"),
    "conv_transpose1d": ("ConvTranspose1d", "conv_transpose1d"),
    "conv_transpose2d": ("ConvTranspose2d", "conv_transpose2d"),
    "conv_transpose3d": ("ConvTranspose3d", "conv_transpose3d"),
    "conv_tbc": ("ConvTBC", "conv_tbc"),
    "convolution": ("Convolution", "convolution"),
    **{
        name: ("MatMul", name.removeprefix("linalg_"))
        for name in ("inner", "tensordot", "linalg_multi_dot", "chain_matmul", "addmv")
    },
    "bilinear": ("Bilinear", "bilinear"),
    "lstm": ("LSTM", "lstm"),
    "gru": ("GRU", "gru"),
    "lstm_cell": ("LSTMCell", "lstm_cell"),
    "gru_cell": ("GRUCell", "gru_cell"),
    **dict.fromkeys(("rnn_tanh_cell", "rnn_relu_cell"), ("RNNCell", "rnn_cell")),
    "_sparse_mm": ("SparseMatMul", "sparse_mm"),
    # Of integers or packed weights: no profile has a regressor for them.
    "_int_mm": ("QuantizedMatMul", "int_mm"),
    "_scaled_mm": ("QuantizedMatMul", "scaled_mm"),
    **{
        name: ("QuantizedLinear", name.removeprefix("_"))
        for name in ("_weight_int8pack_mm", "_weight_int4pack_mm", "_weight_int4pack_mm_for_cpu")
    },
}
# Of torch.ops.quantized and its kin.
_QUANTIZED = {
    "linear": "QuantizedLinear",
    "conv": "QuantizedConvolution",
    "matmul": "QuantizedMatMul",
}
_QUANTIZED_NAME = re.compile(r"(?:_?quantized|onednn|sparse)::.*?(linear|conv|matmul)")

# Class names in model libraries, tried in order on the class and its ancestors.
_NAME_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"Conv1D", "Conv1D"),  # transformers' addmm layer, not nn.Conv1d
    (r".*RMSNorm(Gated)?|T5LayerNorm|.*RmsNorm", "RMSNorm"),
    (r".*LayerNorm(2d)?", "LayerNorm"),
    (r"\w*GELU\w*", "GELU"),
    (r"SiLU\w*|Swish\w*", "SiLU"),
    (r"ReLUSquaredActivation|ReLU6?", "ReLU"),
    (r"MishActivation", "Mish"),
)

# Parts of torch.nn that compute nothing of their own, or only hold or wrap others.
_NOT_PRIMITIVES = re.compile(
    r"Module(List|Dict)?|Parameter(List|Dict)|Sequential|Identity|.*Dropout.*|Flatten|Unflatten"
    r"|MultiheadAttention|Transformer.*|.*Loss.*|DataParallel|DistributedDataParallel"
)

# Layers whose weights torch.ao packs. Their activations compute as torch.nn's, which they are.
_QUANTIZED_MODULE = re.compile(
    r"torch\.ao\.nn\.quantized\..*\.(Linear|Conv(Transpose)?\dd|(LSTM|GRU|RNN)(Cell)?|Embedding(Bag)?)"
)

_registered: dict[str, Primitive] = {}


def register_primitive(
    name: str,
    *,
    modules: Iterable[type[nn.Module] | str] = (),
    functions: Iterable[str] = (),
    flops: FlopsRule | None = None,
) -> None:
    """Makes module classes or torch functions leaves of every tree captured from now on.

    `modules` are classes, or names of classes; `functions` are names of torch functions; `flops`
    counts the operations of one call from the tensors that it is given. Registering a name again
    replaces it. A primitive that no device profile has a regressor for is shown with an estimate
    (joules, with a wide interval) and flagged. Raises `OptionError` if nothing is named.

    >>> import torch
    >>> import irene_jupyter as irene
    >>> class Snake(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x + torch.sin(x) ** 2
    >>> irene.register_primitive("Snake", modules=[Snake])
    >>> model = torch.nn.Sequential(torch.nn.Linear(8, 8), Snake())
    >>> report = irene.measure(model, torch.ones(2, 8), options=irene.Options(budget_seconds=0))
    >>> report["1"].type, report["1"].energy.source
    ('ml', 'estimated')
    """
    primitive = Primitive(name, tuple(modules), tuple(functions), flops)
    if not name or not (primitive.modules or primitive.functions):
        raise OptionError("register_primitive: give a name, and modules= or functions= to match")
    for module in primitive.modules:
        if not isinstance(module, str) and not (
            isinstance(module, type) and issubclass(module, nn.Module)
        ):
            raise OptionError(
                f"register_primitive: {module!r} is neither a module class nor a name"
            )
    _registered[name] = primitive
    _of_class.clear()


def unregister_primitive(name: str) -> None:
    """Takes a user's primitive out again; the built-in ones stay. Unknown names are ignored."""
    _registered.pop(name, None)
    _of_class.clear()


# Weak: a notebook defines a class anew each time that its cell runs.
_of_class: MutableMapping[type, str | None] = WeakKeyDictionary()


def primitive_of(module: nn.Module) -> str | None:
    """The name of the primitive that `module` is, None if it is an inner node."""
    cls = type(module)
    try:
        name = _of_class[cls]
    except KeyError:
        name = _of_class[cls] = _classify(cls)
    if name is not None and name not in _registered:
        if _has_children(module):
            return None  # a class that only borrows the name, such as a LayerNorm with parts
        if name in _WEIGHTED and is_packed(module._parameters.get("weight")):
            return f"Quantized{name}"
    return name


# Layers that libraries such as bitsandbytes and torchao give weights of fewer bits.
_WEIGHTED = frozenset({"Linear", "Conv1D", "Conv1d", "Conv2d", "Conv3d", "Embedding"})
_HOLD_WEIGHTS = frozenset({"parametrizations", "_packed_params", "_all_weight_values"})


def _has_children(module: nn.Module) -> bool:
    """Children that compute: nn.LSTM has none, a quantised Linear those that hold its weights."""
    return any(
        child is not None and name not in _HOLD_WEIGHTS for name, child in module._modules.items()
    )


def _classify(cls: type) -> str | None:
    ancestors = cls.__mro__
    for primitive in _registered.values():
        for wanted in primitive.modules:
            if wanted in ancestors or any(c.__name__ == wanted for c in ancestors):
                return primitive.name
    for ancestor in ancestors:
        if ancestor is nn.Module:
            break
        if _QUANTIZED_MODULE.fullmatch(f"{ancestor.__module__}.{ancestor.__name__}"):
            return f"Quantized{ancestor.__name__}"
        if ancestor.__module__.startswith("torch.nn.modules."):
            return None if _NOT_PRIMITIVES.fullmatch(ancestor.__name__) else _torch_name(ancestor)
        for pattern, name in _NAME_PATTERNS:
            if re.fullmatch(pattern, ancestor.__name__):
                return name
    return None


def _torch_name(cls: type) -> str | None:
    if cls.__name__.startswith("_"):  # _ConvNd, _NormBase: abstract
        return None
    # NonDynamicallyQuantizableLinear and the lazy classes are their plain kin.
    for plain in (nn.Linear, nn.Embedding, nn.LayerNorm):
        if issubclass(cls, plain):
            return plain.__name__
    return cls.__name__.removeprefix("Lazy")


def function_primitive(name: str) -> tuple[str, str, FlopsRule | None] | None:
    """(primitive, base of the node's name, flops rule) of a torch function, None if it is none."""
    for primitive in _registered.values():
        if name in primitive.functions:
            return primitive.name, re.sub(r"\W", "_", name), primitive.flops
    found = _FUNCTIONS.get(name)
    if found is None and "::" in name and (kind := _QUANTIZED_NAME.match(name)):
        found = _QUANTIZED[kind[1]], name.replace("::", "_")
    return None if found is None else (*found, None)


def is_ignored(module: nn.Module) -> bool:
    """Whether a module never becomes a node: dropout (paper, section 4) and identity."""
    cls = type(module)
    return isinstance(module, nn.Identity) or (
        "Dropout" in cls.__name__ and not module._modules and not _has_parameters(module)
    )


def _has_parameters(module: nn.Module) -> bool:
    return any(p is not None for p in module._parameters.values())


def dtype_of(value: Any) -> str | None:
    """ "float32" for a float32 tensor."""
    return str(value.dtype).removeprefix("torch.") if isinstance(value, torch.Tensor) else None
