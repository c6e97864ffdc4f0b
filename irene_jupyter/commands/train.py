"""`irene-jupyter train`: a profile from measured trees, or of a board from its measured runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from irene_jupyter.commands.arguments import Commands, add_json
from irene_jupyter.commands.result import Result


def add(commands: Commands) -> None:
    train = commands.add_parser(
        "train", help="fit a profile to measured trees, or to runs on a board"
    )
    train.set_defaults(command=run)
    train.add_argument(
        "data", type=Path, metavar="DATA", help="measured trees or runs, .jsonl[.gz]"
    )
    train.add_argument("--name", required=True, help="of the profile, such as gtx1080ti")
    train.add_argument("--label", help="for people, such as 'GTX 1080 Ti PC'")
    train.add_argument("--output", type=Path, metavar="PATH", help="default: ./NAME.json")
    add_json(train)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.predictors.fit.board_runs import holds_board_runs, load_board_runs
    from irene_jupyter.predictors.fit.board_training import train_board
    from irene_jupyter.predictors.fit.dataset import load_trees
    from irene_jupyter.predictors.fit.device_training import train_device
    from irene_jupyter.predictors.profiles.board_profile import BoardProfile
    from irene_jupyter.predictors.profiles.device_profile import DeviceProfile

    profile: BoardProfile | DeviceProfile
    if holds_board_runs(arguments.data):
        data = load_board_runs(arguments.data)
        profile = train_board(data, name=arguments.name, label=arguments.label)
        learned = f"{len(data.runs)} runs"
    else:
        trees = load_trees(arguments.data)
        profile = train_device(trees, name=arguments.name, label=arguments.label)
        learned = f"{len(trees)} trees"
    target = arguments.output or Path(f"{arguments.name}.json")
    profile.save(target)
    text = f"{profile.label}: trained on {learned}, saved as {target}"
    return Result(text, document=profile.to_dict())
