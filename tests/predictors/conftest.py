"""The measured trees (not part of the project), and trees made by hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from irene_jupyter.predictors.fit.dataset import load_trees
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.predictors.profiles.loading import load_device
from irene_jupyter.tree import MEBIBYTE, MEGAFLOP, Features, ModelTree, Node

FILE = "irene_device_1.jsonl.gz"


@pytest.fixture(scope="session")
def data_file() -> Path:
    given = Path(os.environ.get("IRENE_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = given / FILE if given.is_dir() else given
    if not path.is_file():
        pytest.skip(f"no {FILE}: set IRENE_DATA to it or to its folder")
    return path


@pytest.fixture(scope="session")
def h100_file() -> Path:
    """The measured nodes of an H100, beside the published ones."""
    given = Path(os.environ.get("IRENE_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = (given if given.is_dir() else given.parent) / "h100_nodes.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"no {path.name}: set IRENE_DATA to its folder")
    return path


@pytest.fixture(scope="session")
def trees(data_file: Path) -> list[ModelTree]:
    return load_trees(data_file)


@pytest.fixture(scope="session")
def profile() -> DeviceProfile:
    return load_device("gtx1080ti")


@pytest.fixture(autouse=True)
def _no_profiles_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def make_leaf() -> Callable[..., Node]:
    def make(
        primitive: str,
        path: str = "layer",
        *,
        megaflops: float = 0.0,
        mebibytes: float = 0.0,
        calls: int = 1,
        shapes: tuple[tuple[int, ...], ...] = ((8, 128, 768), (8, 128, 768)),
        dtype: str | None = "float32",
    ) -> Node:
        gemm = primitive in ("Linear", "Conv1D")
        features = Features(
            flops=megaflops * MEGAFLOP * calls,
            bytes=mebibytes * MEBIBYTE * calls,
            canonical_megaflops=megaflops * calls,
            canonical_mebibytes=mebibytes * calls,
            calls=calls,
            input_shapes=shapes[:1] if gemm else (),
            output_shapes=shapes[1:] if gemm else (),
            dtype=dtype,
        )
        return Node(path, "ml", primitive, features, primitive=primitive)

    return make


@pytest.fixture(scope="session")
def make_tree() -> Callable[..., ModelTree]:
    def make(
        *children: Node,
        rest_mebibytes: float = 0.0,
        rest_megaflops: float = 0.0,
        batch_size: int = 8,
        seq_len: int = 128,
        inner: bool = False,
        calls: int = 1,
    ) -> ModelTree:
        features = Features(
            canonical_megaflops=sum(c.features.canonical_megaflops for c in children)
            + rest_megaflops * calls,
            canonical_mebibytes=sum(c.features.canonical_mebibytes for c in children)
            + rest_mebibytes * calls,
            calls=calls,
        )
        root = Node("", "model", "Model", features, children)
        if inner:
            block = Node("block", "module", "Block", features, children)
            root = Node("", "model", "Model", features, (block,))
        return ModelTree("model", root, batch_size, seq_len)

    return make
