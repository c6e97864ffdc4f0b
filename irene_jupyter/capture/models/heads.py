"""Which class a transformers configuration stands for, and how to say so."""

from __future__ import annotations

import copy
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from torch import nn

from irene_jupyter.errors import CaptureError

# Automatic classes with a head that generates, the likeliest first.
_GENERATING = ("CausalLM", "Seq2SeqLM", "SpeechSeq2Seq", "ImageTextToText", "MultimodalLM")


def builder_of(config: Any, *, generates: bool) -> Callable[[], Any]:
    """What builds the model of `config`: the architecture that it names, or else the bare model.

    With `generates` the one with a head that generates is preferred to the bare one. Raises
    `CaptureError` for a configuration of no model.
    """
    import transformers

    named = _named(config)
    if named is not None:
        return lambda: named(config)
    automatic: Any = transformers.AutoModel
    if generates:
        automatic = _generating(config) or automatic
        if getattr(config, "is_decoder", None) is False and not config.is_encoder_decoder:
            config = copy.deepcopy(config)
            config.is_decoder = True  # an encoder such as BERT keeps a cache only as a decoder
    if type(config) in automatic._model_mapping:
        return lambda: automatic.from_config(config)
    own = _own(config)
    if own is None:
        raise CaptureError(
            f"{type(config).__name__} stands for no model of its own: pass the configuration of "
            "the whole model, or a model"
        )
    return lambda: own(config)


def described(config: Any, model: nn.Module) -> str | None:
    """The class that was built of a configuration that names none; None where it names one."""
    if _named(config) is not None:
        return None
    built = type(model).__name__
    told = f"{type(config).__name__} names no architecture: this is {built}"
    if getattr(model.config, "is_decoder", False) and not getattr(config, "is_decoder", True):
        return f"{told}, as a decoder (is_decoder=True)"
    is_bare = built.endswith("Model") and not built.endswith("HeadModel")
    return f"{told}, without its head" if is_bare else told


def _named(config: Any) -> Any:
    import transformers

    names = getattr(config, "architectures", None) or [""]
    return getattr(transformers, names[0] or "", None)


def _generating(config: Any) -> Any:
    import transformers

    names = list(_GENERATING)
    if config.is_encoder_decoder:  # their decoders alone are causal models, too
        names.append(names.pop(0))
    elif getattr(config, "vision_config", None) is not None:  # and so are those of what sees
        names.insert(0, "ImageTextToText")
    for name in names:
        automatic = getattr(transformers, f"AutoModelFor{name}")
        if type(config) in automatic._model_mapping:
            return automatic
    return None


def _own(config: Any) -> Any:
    """A part's class, which transformers' automatic ones do not know: of the files beside it."""
    package = importlib.import_module(type(config).__module__.rpartition(".")[0])
    names = [f"{package.__name__}.{each.name}" for each in pkgutil.iter_modules(package.__path__)]
    fitting = [
        each
        for name in names
        if ".modeling_" in name
        for each in vars(importlib.import_module(name)).values()
        if isinstance(each, type)
        and issubclass(each, nn.Module)
        and each.__module__ == name
        and getattr(each, "config_class", None) is type(config)
        and not each.__name__.endswith("PreTrainedModel")
    ]
    fitting.sort(key=lambda each: not each.__name__.endswith("Model"))
    return next(iter(fitting), None)
