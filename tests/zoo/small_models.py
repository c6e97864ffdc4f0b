"""Every model type of transformers, small: built from a configuration, called in milliseconds."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from torch import nn
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from shrinking import shrunk
from small_inputs import keywords
from special import CONFIGS, NOT_HERE


def class_of(name: str) -> type[nn.Module] | None:
    """The base model of the type `name`, or else its first head; None where it has neither."""
    mappings = [modeling_auto.MODEL_MAPPING_NAMES] + [
        getattr(modeling_auto, each)
        for each in sorted(dir(modeling_auto))
        if each.startswith("MODEL_FOR_") and each.endswith("_MAPPING_NAMES")
    ]
    for mapping in mappings:
        found = mapping.get(name)
        found = found[0] if isinstance(found, list | tuple) else found
        model_class = getattr(transformers, found, None) if found else None
        if model_class is not None:
            return model_class
    return None


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
    return keywords(name, model)
