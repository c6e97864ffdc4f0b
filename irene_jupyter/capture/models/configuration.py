"""A transformers model as JSON: its class and configuration, to explore a saved report from.

A file may be hostile: only classes of transformers itself are built, nothing that the file names
is imported, fetched or run, and no path or repository is kept or read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from torch import nn

from irene_jupyter.errors import OptionError

# What says nothing of the model's work, is long or private, or has transformers look elsewhere.
_LEFT_OUT = frozenset(
    "architectures attn_implementation auto_map custom_pipelines dtype experts_implementation "
    "finetuning_task id2label label2id name_or_path prefix quantization_config "
    "task_specific_params tokenizer_class torch_dtype transformers_version "
    "trust_remote_code".split()
)
# Of transformers itself; others are packages, or code of the hub.
_ATTENTION = ("eager", "sdpa")
_INFINITE = "__float__"  # how transformers writes what JSON has no number for
_PACKAGE = "transformers.models."
_OTHER_PACKAGES = "timm"  # model types that build another package's model, by its name
_LONGEST_TEXT = 100  # characters; of an activation, a layer's type …
_MOST_VALUES = 4096  # a list of layer types has some hundreds
_DEEPEST = 8
# Larger numbers would have a hostile file fill the memory.
_LARGEST = 2**27
# What is built one by one; ImageNet has 21,843 labels.
_MOST_PARTS = 16_384
_MOST_LABELS = 65_536
_PARTS = re.compile(r"layer|block|depth|expert|stage|group")
_SIZES = re.compile(r"size|dim|channel|token|vocab|_id")


def configuration_to_dict(model_class: type[nn.Module], config: Any) -> dict[str, Any] | None:
    """What `configuration_from_dict` reads; None for a model that is not of transformers itself."""
    name = model_class.__name__
    if _class_of_transformers(name) is not model_class:
        return None
    if type(config) is not getattr(model_class, "config_class", None):
        return None
    try:
        values = json.loads(config.to_json_string(use_diff=True))
        labels = values.get("id2label")
        kept = _kept(values)
        if labels is not None:  # their number counts, their names are the user's
            kept["num_labels"] = len(labels)
        _check(kept)
    except (TypeError, ValueError, OptionError):  # a configuration with values of the user's own
        return None
    found = {"model_class": name, "config": kept}
    attention = getattr(config, "_attn_implementation", None)
    return found | {"attention": attention} if attention in _ATTENTION else found


def configuration_from_dict(data: Mapping[str, Any]) -> tuple[type[nn.Module], Any]:
    """The class and the configuration of a model, by what `configuration_to_dict` wrote.

    Raises `OptionError` for all else: another class than one of transformers, values that no
    configuration has, numbers that no model has.
    """
    name, values = data.get("model_class"), data.get("config")
    model_class = _class_of_transformers(name)
    config_class: Any = getattr(model_class, "config_class", None)
    if model_class is None or config_class is None:
        _refuse(f"this version of transformers has no model {str(name)[:100]!r}")
    if not isinstance(values, dict):
        _refuse("it is no object")
    _check(values)
    kept = _kept(values)
    kind = kept.pop("model_type", config_class.model_type)
    if kind != config_class.model_type:
        _refuse(f"{name} is of type {config_class.model_type!r}, not {kind!r}")
    taken = [key for key in kept if callable(getattr(config_class, key, None))]
    if taken:
        _refuse(f"{taken[0]!r} is no value of a configuration")
    try:
        config = config_class.from_dict(_with_infinity(kept))
    except Exception as error:  # transformers raises all kinds for values that do not fit
        _refuse(f"{type(error).__name__}: {str(error)[:300]}", error)
    if data.get("attention") in _ATTENTION:
        config._attn_implementation = data["attention"]
    return model_class, config


def _class_of_transformers(name: Any) -> type[nn.Module] | None:
    import transformers

    if not isinstance(name, str) or not name.isidentifier():
        return None
    found = getattr(transformers, name, None)
    if not isinstance(found, type) or not issubclass(found, transformers.PreTrainedModel):
        return None
    return found if found.__module__.startswith(_PACKAGE) else None


def _kept(value: Any) -> Any:
    """`value` without what is left out, at any depth."""
    if isinstance(value, dict):
        return {
            key: _kept(each)
            for key, each in value.items()
            if key not in _LEFT_OUT
            and (key == _INFINITE or not key.startswith("_"))
            and not _is_place(each)
        }
    if isinstance(value, list):
        return [_kept(each) for each in value]
    return value


def _with_infinity(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_infinity(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get(_INFINITE) in ("Infinity", "-Infinity"):
        return float(value[_INFINITE])
    return {key: _with_infinity(each) for key, each in value.items()}


def _is_place(value: Any) -> bool:
    """A path or a repository, maybe of the user's machine."""
    return isinstance(value, str) and ("/" in value or "\\" in value)


def _check(values: Any, key: str = "", depth: int = 0) -> None:
    """Raises `OptionError` for what no model's configuration holds."""
    if depth > _DEEPEST:
        _refuse("it is nested too deeply")
    if isinstance(values, dict | list):
        if len(values) > _MOST_VALUES:
            _refuse(f"{key!r} has more than {_MOST_VALUES} values")
        pairs = values.items() if isinstance(values, dict) else ((key, each) for each in values)
        for name, each in pairs:
            _check(each, str(name), depth + 1)
    elif isinstance(values, str):
        if len(values) > _LONGEST_TEXT and key not in _LEFT_OUT and not _is_place(values):
            _refuse(f"{key!r} is a text of more than {_LONGEST_TEXT} characters")
        if key == "model_type" and _OTHER_PACKAGES in values:
            _refuse(f"{values!r} is a model of another package")
    elif isinstance(values, int) and abs(values) > _most(key):
        _refuse(f"{key!r} is more than {_most(key)}")


def _most(key: str) -> int:
    if "label" in key:
        return _MOST_LABELS
    return _MOST_PARTS if _PARTS.search(key) and not _SIZES.search(key) else _LARGEST


def _refuse(what: str, cause: Exception | None = None) -> NoReturn:
    raise OptionError(
        f"the model's configuration in this report cannot be read: {what}. Explore the model or "
        "its configuration instead, irene.explore(model)"
    ) from cause
