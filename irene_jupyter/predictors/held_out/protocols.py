"""What is left out of training, and tested on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from irene_jupyter.tree import ModelTree

# Families of architectures by what a model's name holds; other names are a family by their stem.
FAMILIES = (
    ("encoder-decoder", re.compile(r"\b(m|by)?t5\b|bart|marian|pegasus|whisper|encoder-decoder")),
    ("encoder", re.compile(r"bert|electra|xlnet|funnel|longformer|mpnet|bigbird|\bernie\b")),
    (
        "decoder",
        re.compile(r"gpt|llama|mistral|mixtral|qwen|gemma|bloom|\b(opt|phi|ctrl|falcon)\b"),
    ),
)
SIZE_PARTS = 4


@dataclass(frozen=True, slots=True)
class Split:
    """What a method is trained on and tested on; `held_out` is for people."""

    held_out: str
    train: tuple[ModelTree, ...]
    test: tuple[ModelTree, ...]


def family(name: str) -> str:
    """The family of a model by its name: an architecture's, or the name's first word."""
    lower = name.lower()
    for label, pattern in FAMILIES:
        if pattern.search(lower):
            return label
    return re.split(r"[-_/ \d]", lower, maxsplit=1)[0] or lower


def size_part(tree: ModelTree) -> int:
    """Which quarter of the input sizes a tree is in: neighbours are in different ones."""
    return ((tree.batch_size // 8) + (tree.seq_len // 32)) % SIZE_PARTS


def leave_one_model_out(trees: Sequence[ModelTree]) -> Iterator[Split]:
    """Each model in turn is unseen."""
    for name in _in_order(tree.name for tree in trees):
        yield Split(
            name,
            train=tuple(tree for tree in trees if tree.name != name),
            test=tuple(tree for tree in trees if tree.name == name),
        )


def leave_sizes_out(trees: Sequence[ModelTree]) -> Iterator[Split]:
    """Each model in turn is unseen and, besides, a quarter of the input sizes."""
    for split in leave_one_model_out(trees):
        for part in range(SIZE_PARTS):
            yield Split(
                f"{split.held_out}, sizes {part}",
                train=tuple(tree for tree in split.train if size_part(tree) != part),
                test=tuple(tree for tree in split.test if size_part(tree) == part),
            )


def leave_family_out(trees: Sequence[ModelTree]) -> Iterator[Split]:
    """Each family of models in turn is unseen."""
    for label in _in_order(family(tree.name) for tree in trees):
        yield Split(
            label,
            train=tuple(tree for tree in trees if family(tree.name) != label),
            test=tuple(tree for tree in trees if family(tree.name) == label),
        )


# What is unseen in training → the splits.
PROTOCOLS: Mapping[str, Callable[[Sequence[ModelTree]], Iterator[Split]]] = {
    "model": leave_one_model_out,
    "size": leave_sizes_out,
    "family": leave_family_out,
}


def splits(protocol: str, trees: Sequence[ModelTree]) -> list[Split]:
    """The protocol's splits that have something on both sides."""
    return [split for split in PROTOCOLS[protocol](trees) if split.train and split.test]


def _in_order(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
