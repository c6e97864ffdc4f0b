"""Trees of models that did not run under our hooks: only built, compiled, or too big to build.

The forward pass of a copy is traced on tensors without data: meta first, then fake ones, and as the
last resort on real ones. The user's own model is not called.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import nn

from irene_jupyter.capture.copies.bare import KINDS, Kind
from irene_jupyter.capture.copies.copies import Copies, uncompiled
from irene_jupyter.capture.copies.isolation import isolated
from irene_jupyter.capture.count.tensors import tensors_in
from irene_jupyter.capture.dry.backward_trace import BackwardTrace
from irene_jupyter.capture.inputs.inputs import Inputs, dummy_inputs
from irene_jupyter.capture.record.doubts import INVENTED
from irene_jupyter.capture.record.recording import Recording
from irene_jupyter.errors import CaptureError, IreneError
from irene_jupyter.tree import ModelTree, Node

logger = logging.getLogger(__name__)

# A model on meta that can only be traced for real, because its code looks at values, gets zeros
# for weights, up to this size.
MAX_ZEROS_BYTES = 2 * 2**30
_ATTEMPTS = 5  # where another thread disturbs
_PAUSE_SECONDS = 0.05

T = TypeVar("T")
_FOR_LONG = 2  # candidates of inputs to try with all kinds of tensors, which may take seconds
# Masks of a text: transformers inspects their values, and ours would be all ones.
_MASKS = ("attention_mask", "decoder_attention_mask", "encoder_attention_mask")


def structure_of(
    model: nn.Module,
    batch_size: int,
    seq_len: int,
    name: str | None = None,
    kinds: Sequence[Kind] = KINDS,
    images: int | None = None,
    training: BackwardTrace | None = None,
) -> ModelTree:
    """The tree of one forward pass of `model` on inputs of our own making; it is not run.

    `kinds` are the tensors to try, the cheapest first; `images` as in `dummy_inputs`. With
    `training`, in training mode and with labels, and what a backward pass needs is noted. Raises
    `InputShapeError` if its input's shape is unknown, `CaptureError` if the pass fails.
    """
    model = uncompiled(model)
    candidates = list(dummy_inputs(model, batch_size, seq_len, images))
    if training is not None:
        candidates = training.candidates(model, candidates)
    failures: list[str] = []
    for tried, those in ((kinds[:1], candidates), (kinds[1:], candidates[:_FOR_LONG])):
        for inputs in those if tried else ():
            try:
                tree = tree_for(model, inputs, name, tried, training=training)
                return replace(tree, notes=inputs.notes)
            except CaptureError as error:
                failures.append(str(error))
    last = failures[len(candidates) :] or failures  # of the likeliest inputs, on real tensors
    raise CaptureError(last[0])


def tree_for(
    model: nn.Module,
    inputs: Inputs,
    name: str | None = None,
    kinds: Sequence[Kind] = KINDS,
    *,
    function: Callable[..., Any] | None = None,
    training: BackwardTrace | None = None,
) -> ModelTree:
    """The tree of `model` on tensors shaped like `inputs`. Raises `CaptureError` if it fails.

    With a `function`, of the call of that within the model's forward pass. What could only be
    traced on values of our own is flagged: where its code looks at them, it may have done other
    work on the user's.
    """
    model = uncompiled(model)
    name = name or type(model).__name__
    if isinstance(model, torch.jit.ScriptModule):
        raise CaptureError("TorchScript hides its parts: measure the model that it was made from")
    failures: list[BaseException] = []
    for kind in kinds:
        if kind == "real" and missing_bytes(model) > MAX_ZEROS_BYTES:
            continue
        try:
            node = undisturbed(functools.partial(_traced, model, inputs, kind, function, training))
        except Exception as error:  # whatever the model's own code raises on tensors without data
            logger.debug("%s on %s tensors failed", name, kind, exc_info=error)
            failures.append(error)
            continue
        if kind == "real":
            node = node.flagged(INVENTED)
        return ModelTree(name, node, inputs.batch_size, inputs.seq_len)
    last = failures[-1]
    if isinstance(last, IreneError):  # it names the remedy
        raise CaptureError(f"{name} could not be traced: {last}") from last
    tensors = tensors_in((inputs.args, dict(inputs.kwargs)))
    shapes = [tuple(tensor.shape) for tensor in tensors]
    raise CaptureError(
        f"{name} could not be traced on inputs of shape {shapes}: {type(last).__name__}: {last}. "
        "Run it once in the cell, or call irene_jupyter.measure(model, example_input)"
    ) from last


class DisturbedError(CaptureError):
    """Some of the calls went unseen."""


def undisturbed(trace: Callable[[], T]) -> T:
    """What `trace` returns, tried again where it was disturbed."""
    for attempt in range(_ATTEMPTS):
        try:
            return trace()
        except DisturbedError:
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE_SECONDS)
    raise AssertionError


def _traced(
    model: nn.Module,
    inputs: Inputs,
    kind: Kind,
    function: Callable[..., Any] | None,
    training: BackwardTrace | None,
) -> Node:
    copies = Copies(kind)
    copied = copies.of(model)
    called: Any = None if function is None else copies.of_callable(function)
    args, kwargs = copies.of_arguments(inputs.args, inputs.kwargs)
    if kind != "real" and hasattr(model, "config"):
        kwargs = {k: v for k, v in kwargs.items() if k not in _MASKS}
    recording = Recording(copied, inputs.batch_size, is_timed=False)
    watching = training.watching(copied, recording) if training else contextlib.nullcontext()
    with isolated(), copies.mode, _quiet("torch._subclasses.fake_tensor"), watching, recording:
        if called is None:
            copied(*args, **kwargs)
        else:
            recording.module_called(lambda _, *a, **k: called(*a, **k), copied, args, kwargs)
    return tree_in(recording, model)


def tree_in(recording: Recording, model: nn.Module) -> Node:
    """What was recorded of a copy of `model`. Raises `DisturbedError`, and `CaptureError`."""
    if recording.is_disturbed:
        raise DisturbedError(
            "compiled code ran in another thread while it was traced: wait until that has ended"
        )
    node = recording.finish()
    if node is None:
        raise CaptureError(f"{type(model).__name__} was not called")
    return node


@contextlib.contextmanager
def _quiet(name: str) -> Iterator[None]:
    noisy = logging.getLogger(name)
    level = noisy.level
    noisy.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        noisy.setLevel(level)


def missing_bytes(model: nn.Module) -> int:
    """Bytes of the parameters that are on meta, and would be zeros."""
    return sum(p.numel() * p.element_size() for p in model.parameters() if p.is_meta)
