"""Trees of models that did not run under our hooks: only built, compiled, or too big to build.

The forward pass of a copy is traced on tensors without data: meta first, then fake ones, and as the
last resort on real ones. The user's own model is not called.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.bare import KINDS, Kind
from irene_jupyter.capture.configuration import configuration_from_dict, configuration_to_dict
from irene_jupyter.capture.copies import Copies, bare_copy, uncompiled
from irene_jupyter.capture.counting import tensors_in
from irene_jupyter.capture.inputs import Inputs, dummy_inputs
from irene_jupyter.capture.trace import Recording
from irene_jupyter.errors import CaptureError, IreneError
from irene_jupyter.tree import ModelTree, Node

logger = logging.getLogger(__name__)

# A model on meta that can only be traced for real, because its code looks at values, gets zeros
# for weights, up to this size.
MAX_ZEROS_BYTES = 2 * 2**30
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
) -> ModelTree:
    """The tree of one forward pass of `model` on inputs of our own making; it is not run.

    `kinds` are the tensors to try, the cheapest first; `images` as in `dummy_inputs`. Raises
    `InputShapeError` if its input's shape is unknown, `CaptureError` if the pass fails.
    """
    model = uncompiled(model)
    candidates = list(dummy_inputs(model, batch_size, seq_len, images))
    failures: list[str] = []
    for tried, those in ((kinds[:1], candidates), (kinds[1:], candidates[:_FOR_LONG])):
        for inputs in those if tried else ():
            try:
                return replace(tree_for(model, inputs, name, tried), notes=inputs.notes)
            except CaptureError as error:
                failures.append(str(error))
    raise CaptureError(failures[0])


def tree_for(
    model: nn.Module, inputs: Inputs, name: str | None = None, kinds: Sequence[Kind] = KINDS
) -> ModelTree:
    """The tree of `model` on tensors shaped like `inputs`. Raises `CaptureError` if it fails."""
    model = uncompiled(model)
    name = name or type(model).__name__
    if isinstance(model, torch.jit.ScriptModule):
        raise CaptureError("TorchScript hides its parts: measure the model that it was made from")
    failures: list[BaseException] = []
    for kind in kinds:
        if kind == "real" and _missing_bytes(model) > MAX_ZEROS_BYTES:
            continue
        try:
            node = _traced(model, inputs, kind)
        except Exception as error:  # whatever the model's own code raises on tensors without data
            logger.debug("%s on %s tensors failed", name, kind, exc_info=error)
            failures.append(error)
            continue
        return ModelTree(name, node, inputs.batch_size, inputs.seq_len)
    last = failures[-1]
    tensors = tensors_in((inputs.args, dict(inputs.kwargs)))
    shapes = [tuple(tensor.shape) for tensor in tensors]
    raise CaptureError(
        f"{name} could not be traced on inputs of shape {shapes}: {type(last).__name__}: {last}. "
        "Run it once in the cell, or call irene_jupyter.measure(model, example_input)"
    ) from last


@contextlib.contextmanager
def untouched() -> Iterator[None]:
    """No gradients, no compilation; random state put back."""
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(torch.random.fork_rng(devices=[]))
        if "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield


def _traced(model: nn.Module, inputs: Inputs, kind: Kind) -> Node:
    copies = Copies(kind)
    copied = copies.of(model)
    args, kwargs = copies.of_arguments(inputs.args, inputs.kwargs)
    if kind != "real" and hasattr(model, "config"):
        kwargs = {k: v for k, v in kwargs.items() if k not in _MASKS}
    recording = Recording(copied, inputs.batch_size, is_timed=False)
    with untouched(), copies.mode, _quiet("torch._subclasses.fake_tensor"), recording:
        copied(*args, **kwargs)  # it logs what we are going to handle
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


def _missing_bytes(model: nn.Module) -> int:
    return sum(p.numel() * p.element_size() for p in model.parameters() if p.is_meta)


# --- building on meta -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Origin:
    """What a transformers model can be built from again: its class and a copy of its config."""

    model_class: type[nn.Module]
    config: Any
    # The same as JSON, for files; None where it is not of transformers itself.
    configuration: Mapping[str, Any] | None = field(default=None, compare=False)

    @classmethod
    def of(cls, model: nn.Module) -> Origin | None:
        """Where `model` comes from; None if it is not one of transformers' or its like."""
        model = uncompiled(model)
        wanted = getattr(type(model), "config_class", None)
        config = getattr(model, "config", None)
        if not isinstance(wanted, type) or not isinstance(config, wanted):
            return None
        try:
            kept = copy.deepcopy(config)
            return cls(type(model), kept, configuration_to_dict(type(model), kept))
        except Exception as error:  # a user's configuration may hold what cannot be copied
            logger.debug("the configuration of %s was not kept", type(model), exc_info=error)
            return None

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Origin:
        """Where the model of a saved report comes from. Raises `OptionError`."""
        return cls(*configuration_from_dict(configuration), configuration)

    def build(self) -> nn.Module:
        """The model, without memory, on meta. Raises `CaptureError` where it does not build."""
        try:
            with torch.device("meta"), _random_state_kept():
                return self.model_class(self.config).eval()
        except Exception as error:  # whatever the model's own code raises
            raise CaptureError(
                f"{self.model_class.__name__} does not build from its configuration: "
                f"{type(error).__name__}: {error}"
            ) from error


def build_model(source: Any, *, generates: bool = False) -> nn.Module:
    """The module that `source` stands for; a configuration is built without memory, on meta.

    A configuration that names no architecture gives the bare model, or with `generates` the one
    with a language-model head.

    `source` is a module, an `Origin`, a transformers configuration, a configuration or model
    class, or the path of a folder with config.json. Raises `CaptureError` naming what it may be.
    """
    if isinstance(source, nn.Module):
        return source
    if isinstance(source, Origin):
        return source.build()
    config_class, auto_config, auto_model = _transformers()
    if isinstance(source, str | Path):
        return build_model(_read_config(Path(source), auto_config), generates=generates)
    if isinstance(source, type) and issubclass(source, config_class):
        return build_model(source(), generates=generates)
    if isinstance(source, type) and issubclass(source, nn.Module):
        wanted = getattr(source, "config_class", None)
        if isinstance(wanted, type) and issubclass(wanted, config_class):
            with torch.device("meta"), _random_state_kept():
                return source(wanted()).eval()
        raise CaptureError(
            f"{source.__name__} is a class: pass an instance, or a transformers configuration"
        )
    if not isinstance(source, config_class):
        raise CaptureError(
            f"cannot predict a {type(source).__name__}: pass a torch.nn.Module, a transformers "
            "configuration or its class, or the path of a folder with config.json"
        )
    return _from_config(source, _with_head(source, auto_model) if generates else auto_model)


def portable(source: Any) -> Any:
    """What stands for `source` in another process or on another machine, without its weights.

    Raises `CaptureError` for a path without configuration, and what cannot be copied.
    """
    if isinstance(source, nn.Module):
        return Origin.of(source) or bare_copy(source)
    if isinstance(source, str | Path):
        return _read_config(Path(source), _transformers()[1])
    return source


def _with_head(config: Any, bare: Any) -> Any:
    """The first of the automatic classes with a head for generation that knows `config`."""
    import transformers

    names = ["CausalLM", "Seq2SeqLM", "SpeechSeq2Seq", "ImageTextToText"]
    if config.is_encoder_decoder:  # their decoders alone are causal models, too
        names.append(names.pop(0))
    for name in names:
        automatic = getattr(transformers, f"AutoModelFor{name}")
        if type(config) in automatic._model_mapping:
            return automatic
    return bare


def _from_config(config: Any, auto_model: Any) -> nn.Module:
    import transformers

    architecture = getattr(transformers, (config.architectures or [""])[0] or "", None)
    try:
        with torch.device("meta"), _random_state_kept():
            model = architecture(config) if architecture else auto_model.from_config(config)
    except IreneError:
        raise
    except Exception as error:  # transformers raises all kinds for incomplete configurations
        raise CaptureError(
            f"{type(config).__name__} does not build a model: {type(error).__name__}: {error}"
        ) from error
    assert isinstance(model, nn.Module)
    return model.eval()


@contextlib.contextmanager
def _random_state_kept() -> Iterator[None]:
    """Keeps the building of a model from moving torch's random state."""
    with torch.random.fork_rng(devices=[]):
        yield


def _transformers() -> tuple[type, Any, Any]:
    from transformers import AutoConfig, AutoModel, PreTrainedConfig

    return PreTrainedConfig, AutoConfig, AutoModel


def _read_config(path: Path, auto_config: Any) -> Any:
    if not path.exists():
        raise CaptureError(
            f"no model at {str(path)!r}: give the path of a folder with config.json, or of the file"
        )
    try:
        return auto_config.from_pretrained(str(path), local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CaptureError(
            f"{str(path)!r} is not a readable transformers configuration: {error}"
        ) from error
