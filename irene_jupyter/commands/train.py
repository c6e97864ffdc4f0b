"""`irene-jupyter train`: a device profile from measured trees."""

from __future__ import annotations

import argparse
from pathlib import Path

from irene_jupyter.commands.arguments import Commands, add_json
from irene_jupyter.commands.result import Result


def add(commands: Commands) -> None:
    train = commands.add_parser("train", help="fit a device profile to measured trees")
    train.set_defaults(command=run)
    train.add_argument("data", type=Path, metavar="DATA", help="measured trees, .jsonl[.gz]")
    train.add_argument("--name", required=True, help="of the profile, such as gtx1080ti")
    train.add_argument("--label", help="for people, such as 'GTX 1080 Ti PC'")
    train.add_argument("--output", type=Path, metavar="PATH", help="default: ./NAME.json")
    add_json(train)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.predictors.fit.dataset import load_trees
    from irene_jupyter.predictors.fit.device_training import train_device

    trees = load_trees(arguments.data)
    profile = train_device(trees, name=arguments.name, label=arguments.label)
    target = arguments.output or Path(f"{arguments.name}.json")
    profile.save(target)
    text = f"{profile.label}: trained on {len(trees)} trees, saved as {target}"
    return Result(text, document=profile.to_dict())
