"""Every model type of transformers, small: built from a configuration, called in milliseconds."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from shrinking import shrunk
from small_inputs import Maker, usual
from special_configs import CONFIGS, NOT_HERE
from special_inputs import INPUTS
from torch import nn
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING


def class_of(name: str) -> type[nn.Module] | None:
    """The base model of the type `name`, or else its first head; None where it has neither."""
    mappings = [modeling_auto.MODEL_MAPPING_NAMES] + [
        getattr(modeling_auto, each)
        for each in sorted(dir(modeling_auto))
        if each.startswith("MODEL_FOR_") and each.endswith("_MAPPING_NAMES")
    ]
    found = [mapping[name] for mapping in mappings if name in mapping]
    classes = [each[0] if isinstance(each, list | tuple) else each for each in found]
    models = [getattr(transformers, each, None) for each in classes]
    own = [each for each in models if getattr(each, "config_class", None) is CONFIG_MAPPING[name]]
    return next(iter(own or [each for each in models if each is not None]), None)


def names() -> list[str]:
    """The types that are built here, in alphabetic order."""
    return sorted(name for name in CONFIG_MAPPING if name not in NOT_HERE and class_of(name))


def missing() -> dict[str, str]:
    """The types that have a model and are not built here, and why."""
    return {name: NOT_HERE[name] for name in sorted(CONFIG_MAPPING) if name in NOT_HERE}


def config(name: str) -> Any:
    """The small configuration of a type."""
    config_class = CONFIG_MAPPING[name]
    values = shrunk(config_class().to_dict())
    change = CONFIGS.get(name)
    if change is not None:
        merge(values, change)
    return config_class.from_dict(values)


def merge(values: dict[str, Any], changes: dict[str, Any]) -> None:
    """`changes` into `values`, at any depth; Ellipsis takes a value out."""
    for key, value in changes.items():
        if value is ...:
            values.pop(key, None)
        elif isinstance(value, dict) and isinstance(values.get(key), dict):
            merge(values[key], value)
        else:
            values[key] = value


def build(name: str) -> nn.Module:
    """The small model of a type, in evaluation mode, with a fixed seed."""
    torch.manual_seed(0)
    return class_of(name)(config(name)).eval()


def call(name: str, model: nn.Module) -> dict[str, Any]:
    """Keyword arguments of one real forward call."""
    return INPUTS.get(name, usual)(Maker(model))
