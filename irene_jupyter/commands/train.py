"""`irene-jupyter train`: a profile from measured trees, or of a board from its runs or kernels."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from irene_jupyter.commands.arguments import Commands, add_json
from irene_jupyter.commands.result import Result


def add(commands: Commands) -> None:
    train = commands.add_parser(
        "train", help="fit a profile to measured trees, or to runs or kernels on a board"
    )
    train.set_defaults(command=run)
    train.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help="measured trees or runs, .jsonl[.gz], or kernels, .csv[.gz] (some minutes)",
    )
    train.add_argument("--name", required=True, help="of the profile, such as gtx1080ti")
    train.add_argument("--label", help="for people, such as 'GTX 1080 Ti PC'")
    train.add_argument("--output", type=Path, metavar="PATH", help="default: ./NAME.json")
    add_json(train)


def run(arguments: argparse.Namespace) -> Result:
    from irene_jupyter.predictors.fit.kernel_rows import holds_kernels

    target = arguments.output or Path(f"{arguments.name}.json")
    if holds_kernels(arguments.data):
        return _of_kernels(arguments, target)
    return _of_trees(arguments, target)


def _of_kernels(arguments: argparse.Namespace, target: Path) -> Result:
    from irene_jupyter.predictors.fit.kernel_rows import load_kernels
    from irene_jupyter.predictors.fit.kernel_training import train_kernels
    from irene_jupyter.predictors.profiles.kernel_profile import kernels_file

    data = load_kernels(arguments.data)
    trained = train_kernels(
        data,
        name=arguments.name,
        label=arguments.label,
        told=lambda kind: print(f"fitting {kind}", file=sys.stderr),
    )
    trained.profile.save(target)
    beside = trained.kernels.save(kernels_file(target))
    count = sum(len(each.seconds) for each in data.kinds)
    text = (
        f"{trained.profile.label}: trained on {count} kernels, saved as {target}, and what is "
        f"known of each kind of kernel as {beside}"
    )
    return Result(text, document=trained.profile.to_dict())


def _of_trees(arguments: argparse.Namespace, target: Path) -> Result:
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
    profile.save(target)
    text = f"{profile.label}: trained on {learned}, saved as {target}"
    return Result(text, document=profile.to_dict())
