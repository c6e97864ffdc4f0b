"""What the forward pass of a training step keeps and which gradients flow, traced without data."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from irene_jupyter.capture.inputs.inputs import Inputs
from irene_jupyter.capture.record.gradients import Gradients
from irene_jupyter.capture.record.recording import Recording

NO_LOSS = (
    "the loss is not in it: nobody knows which one it is. A model with a head that takes labels, "
    "such as BertForSequenceClassification, has its own"
)
# Heads with one label for each example; those of others have one for each token.
_ONE_LABEL = re.compile(
    r".*For(Sequence|Image|Audio|Video|Object)\w*Classification.*|.*ForNextSentencePrediction"
)
_CHECKPOINTED = "GradientCheckpointingLayer"  # of transformers


class BackwardTrace:
    """Watches the trace of a copy in training mode; what it saw is of the last one that ended.

    `gradients` are by path. `saved_bytes` are those that autograd keeps, by the module that ran,
    each storage once, without parameters; dropout and attention keep what their kernels on a GPU
    do. `checkpointed` are the paths of the modules that a real run would compute again; here they
    are traced as the others are.
    """

    def __init__(self) -> None:
        self.gradients: dict[str, Gradients] = {}
        self.saved_bytes: dict[str, float] = {}
        self.checkpointed: tuple[str, ...] = ()

    @staticmethod
    def candidates(model: nn.Module, inputs: Sequence[Inputs]) -> list[Inputs]:
        """`inputs` with labels, where the model takes some, and without."""
        found = []
        for each in inputs:
            labels = _labels(model, each)
            if labels is not None:
                found.append(replace(each, kwargs={**each.kwargs, "labels": labels}))
            found.append(replace(each, notes=(*each.notes, NO_LOSS)))
        return found

    @contextmanager
    def watching(self, copied: nn.Module, recording: Recording) -> Iterator[None]:
        """The context around `recording`, in which the copy is called."""
        copied.train()
        self.checkpointed = tuple(_uncheckpointed(copied))
        self.saved_bytes = {}
        kept = {_place(tensor) for tensor in (*copied.parameters(), *copied.buffers())}
        alive: list[torch.Tensor] = []  # so that no other storage gets an address again

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            with torch._C.DisableTorchFunction():
                place = _place(tensor)
                if place not in kept:
                    kept.add(place)
                    alive.append(tensor)
                    path = recording.running
                    size = float(tensor.untyped_storage().nbytes())
                    self.saved_bytes[path] = self.saved_bytes.get(path, 0.0) + size
            return tensor

        with ExitStack() as stack:
            stack.enter_context(torch.enable_grad())
            stack.enter_context(torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t))
            stack.enter_context(_AsOnGpu())
            yield
        self.gradients = dict(recording.gradients)


def _labels(model: nn.Module, inputs: Inputs) -> torch.Tensor | None:
    if "labels" not in inspect.signature(model.forward).parameters:
        return None
    ids = inputs.kwargs.get("decoder_input_ids", inputs.kwargs.get("input_ids"))
    is_one = _ONE_LABEL.fullmatch(type(model).__name__) or ids is None
    shape = (inputs.batch_size,) if is_one else tuple(ids.shape)
    return torch.ones(shape, dtype=torch.long, device="meta")


def _place(tensor: torch.Tensor) -> int:
    try:
        return int(tensor.untyped_storage()._cdata)
    except (RuntimeError, NotImplementedError):  # wrapped and sparse tensors
        return id(tensor)


def _uncheckpointed(copied: nn.Module) -> Iterator[str]:
    """Takes checkpointing off a copy; the paths of the modules that had it."""
    modules = dict(copied.named_modules())
    for path, module in modules.items():
        if not getattr(module, "gradient_checkpointing", False):
            continue
        module.gradient_checkpointing = False
        if any(kind.__name__ == _CHECKPOINTED for kind in type(module).__mro__):
            yield path
            continue
        # Models of before have their layers in lists, and call those again.
        for name, child in module.named_children():
            for number, layer in child.named_children() if _is_list(child) else ():
                if not any(kind.__name__ == _CHECKPOINTED for kind in type(layer).__mro__):
                    yield ".".join(filter(None, (path, name, number)))


def _is_list(module: nn.Module) -> bool:
    return isinstance(module, nn.ModuleList)


class _AsOnGpu(TorchFunctionMode):
    """Without data torch takes kernels that keep more than a GPU's: those are taken instead."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is functional.dropout:
            given = _given(("input", "p", "training", "inplace"), (0.5, True, False), args, kwargs)
            if given["input"].is_meta and given["p"] and given["training"]:
                return torch.native_dropout(given["input"], given["p"], True)[0]
        if func is functional.scaled_dot_product_attention:
            names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
            given = _given(names, (None, 0.0, False), args, kwargs)
            mask = given["attn_mask"]
            if given["query"].is_meta and not (mask is not None and mask.requires_grad):
                return _fused(given, kwargs.get("scale"))
        return func(*args, **kwargs)


def _fused(given: dict[str, Any], scale: float | None) -> torch.Tensor:
    mask = given["attn_mask"]
    if mask is not None and mask.dtype is torch.bool:
        mask = mask.to(given["query"].dtype)
    kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    out: torch.Tensor = kernel(
        given["query"], given["key"], given["value"], given["dropout_p"], given["is_causal"],
        attn_mask=mask, scale=scale,
    )[0]  # fmt: skip
    return out


def _given(
    names: Sequence[str], defaults: Sequence[Any], args: Any, kwargs: dict[str, Any]
) -> dict[str, Any]:
    found = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    return {**found, **dict(zip(names, args, strict=False)), **kwargs}
