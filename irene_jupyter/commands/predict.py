"""`irene-jupyter predict`: the energy of a model that is not run."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import irene_jupyter
from irene_jupyter.commands.arguments import PROFILE, Commands, add_all
from irene_jupyter.commands.result import Result
from irene_jupyter.commands.views import add_views, shown
from irene_jupyter.errors import CaptureError
from irene_jupyter.limits import NOT_NEGATIVE, POSITIVE
from irene_jupyter.options import DEFAULT_BATCH_SIZE, DEFAULT_OPTIMISER, DEFAULT_SEQ_LEN
from irene_jupyter.predictors.predict.launching import LAUNCHES


def add(commands: Commands) -> None:
    predict = commands.add_parser(
        "predict", help="the energy of a model's forward pass or training step, without running it"
    )
    predict.set_defaults(command=run)
    predict.add_argument(
        "model",
        metavar="MODEL-CONFIG",
        help="a transformers config.json, a folder that holds one, or a name: BertConfig, bert",
    )
    predict.add_argument("--batch-size", type=POSITIVE, default=DEFAULT_BATCH_SIZE, metavar="N")
    predict.add_argument(
        "--seq-len", type=POSITIVE, default=DEFAULT_SEQ_LEN, metavar="N", help="tokens"
    )
    predict.add_argument(
        "--new-tokens",
        type=NOT_NEGATIVE,
        default=0,
        metavar="N",
        help="of a generate() with cache after a prompt of --seq-len; default: one forward pass",
    )
    predict.add_argument(
        "--images",
        type=NOT_NEGATIVE,
        metavar="N",
        help="(or sounds) beside each text, of a model that reads them; default: one",
    )
    predict.add_argument(
        "--training",
        action="store_true",
        help="a whole training step: forward pass, backward pass and optimiser",
    )
    predict.add_argument(
        "--optimiser",
        default=DEFAULT_OPTIMISER,
        metavar="NAME",
        help="one of torch.optim, with --training (default: %(default)s)",
    )
    add_all(predict, PROFILE)
    predict.add_argument(
        "--launch",
        choices=LAUNCHES,
        default="eager",
        help="on a board: operations one by one from its host, or as recorded CUDA graphs, which "
        "need none (default: %(default)s)",
    )
    predict.add_argument(
        "--host-seconds-per-op",
        type=_host_seconds,
        metavar="SECONDS",
        help="that the host needs to launch an operation, or `measure` to time this one for a "
        "second (default: the profile's)",
    )
    add_views(predict)


def run(arguments: argparse.Namespace) -> Result:
    model = _model(arguments.model)
    report = irene_jupyter.predict(
        model,
        batch_size=arguments.batch_size,
        seq_len=arguments.seq_len,
        device=arguments.device,
        new_tokens=arguments.new_tokens,
        images=arguments.images,
        method=arguments.method,
        launch=arguments.launch,
        host_seconds_per_op=arguments.host_seconds_per_op,
        training=arguments.training,
        optimiser=arguments.optimiser,
    )
    return shown(report, arguments)


def _host_seconds(text: str) -> float | str:
    if text == "measure":
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError("give a number of seconds, or measure") from None


def _model(name: str) -> Path | type:
    """A configuration file, a folder that holds one, or a class of transformers by its name.

    Raises `CaptureError` for anything else: nothing is looked up on a network.
    """
    path = Path(name).expanduser()
    if path.is_file() or (path / "config.json").is_file():
        return path
    if os.sep in name or "/" in name or path.suffix == ".json" or name in (os.curdir, os.pardir):
        found = "has no config.json" if path.is_dir() else "does not exist"
        raise CaptureError(
            f"{name} {found}: give a transformers config.json, a folder that holds one, or a "
            "name such as BertConfig or bert. Nothing is downloaded"
        )
    auto: Any = import_module("transformers.models.auto.configuration_auto")
    known: dict[str, str] = {}  # name in lower case -> model type
    for model_type, class_name in auto.CONFIG_MAPPING_NAMES.items():
        known.setdefault(class_name.lower(), model_type)
    known |= {model_type.lower(): model_type for model_type in auto.CONFIG_MAPPING_NAMES}
    model_type = known.get(name.lower())
    if model_type is None:
        from difflib import get_close_matches

        near = get_close_matches(name.lower(), known, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise CaptureError(
            f"{name!r} is neither a path nor a transformers configuration such as BertConfig "
            f"or bert{hint}"
        )
    config: type = auto.CONFIG_MAPPING[model_type]
    return config
