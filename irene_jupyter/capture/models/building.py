"""Models from what stands for them: a configuration, a class, a folder; built without memory."""

from __future__ import annotations

import copy
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from irene_jupyter.capture.copies.copies import bare_copy, uncompiled
from irene_jupyter.capture.copies.isolation import own_random_numbers
from irene_jupyter.capture.models.configuration import (
    configuration_from_dict,
    configuration_to_dict,
)
from irene_jupyter.capture.models.heads import builder_of, described
from irene_jupyter.errors import CaptureError, IreneError

logger = logging.getLogger(__name__)


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
            with torch.device("meta"), own_random_numbers():
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
    config_class, auto_config = _transformers()
    if isinstance(source, str | Path):
        return build_model(_read_config(Path(source), auto_config), generates=generates)
    if isinstance(source, type) and issubclass(source, config_class):
        return build_model(source(), generates=generates)
    if isinstance(source, type) and issubclass(source, nn.Module):
        wanted = getattr(source, "config_class", None)
        if isinstance(wanted, type) and issubclass(wanted, config_class):
            with torch.device("meta"), own_random_numbers():
                return source(wanted()).eval()
        raise CaptureError(
            f"{source.__name__} is a class: pass an instance, or a transformers configuration"
        )
    if not isinstance(source, config_class):
        raise CaptureError(
            f"cannot predict a {type(source).__name__}: pass a torch.nn.Module, a transformers "
            "configuration or its class, or the path of a folder with config.json"
        )
    return _from_config(source, generates)


def portable(source: Any) -> Any:
    """What stands for `source` in another process or on another machine, without its weights.

    Raises `CaptureError` for a path without configuration, and what cannot be copied.
    """
    if isinstance(source, nn.Module):
        return Origin.of(source) or bare_copy(source)
    if isinstance(source, str | Path):
        return _read_config(Path(source), _transformers()[1])
    return source


def built_of(source: Any, model: nn.Module) -> tuple[str, ...]:
    """Notes on what `build_model` made of `source`, where that did not say it."""
    if isinstance(source, str | Path):
        source = _read_config(Path(source), _transformers()[1])
    if isinstance(source, type) and issubclass(source, _transformers()[0]):
        source = source()
    note = described(source, model) if isinstance(source, _transformers()[0]) else None
    return () if note is None else (note,)


def _from_config(config: Any, generates: bool) -> nn.Module:
    try:
        with torch.device("meta"), own_random_numbers():
            model = builder_of(config, generates=generates)()
    except IreneError:
        raise
    except Exception as error:  # transformers raises all kinds for incomplete configurations
        raise CaptureError(
            f"{type(config).__name__} does not build a model: {type(error).__name__}: {error}"
        ) from error
    assert isinstance(model, nn.Module)
    return model.eval()


def _transformers() -> tuple[type, Any]:
    from transformers import AutoConfig, PreTrainedConfig

    return PreTrainedConfig, AutoConfig


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
