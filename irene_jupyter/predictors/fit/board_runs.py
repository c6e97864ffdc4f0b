"""Measured nodes of runs on a board, from a file: a header, then one run a line.

A run has `name`, `dtype`, `mode`, `batch_size`, `tokens` and `nodes`, its distinct ones; a node has
`path`, `class`, `primitive`, `operation`, `type`, `children` (how many), `parameters`, `flops`,
`bytes`, `calls`, `input_shapes`, `output_shapes`, `same_as` (paths of nodes that do the same work),
and of one call `latency_seconds` and `joules` (null where they were not measured). The parts of a
fused kernel have those of the whole in the file, and share them in the tree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from irene_jupyter.checker import Checker, strict_json
from irene_jupyter.errors import DataError
from irene_jupyter.predictors.fit.dataset import numbered_lines
from irene_jupyter.predictors.forms.dtypes import item_bytes
from irene_jupyter.predictors.forms.host_operations import is_fused
from irene_jupyter.tree import (
    MAX_DEPTH,
    MEBIBYTE,
    MEGAFLOP,
    NODE_TYPES,
    Energy,
    Features,
    ModelTree,
    Node,
    NodeType,
    Shape,
)

MODES = ("forward", "decode")
MAX_NODES = 200_000  # of one run, copies included
MAX_WORK = 1e24  # operations or bytes of one node
LEAST, MOST = 1e-12, 1e9  # seconds or joules of one call
_HEADER = re.compile(r'\s*\{\s*"header"')


@dataclass(frozen=True, slots=True)
class BoardRun:
    """One run: its tree with the measured joules, and which of its nodes were measured.

    `distinct` has the paths of measured nodes and what they are: a module has children, also
    where these could not be measured.
    """

    name: str
    dtype: str
    mode: str
    batch_size: int
    tokens: int
    tree: ModelTree
    distinct: Mapping[str, NodeType]

    @property
    def family(self) -> str:
        """The model without its size."""
        return self.name.partition("-")[0]

    @property
    def description(self) -> dict[str, Any]:
        """What ran, as strict JSON values: name, dtype, mode and sizes."""
        names = ("name", "dtype", "mode", "batch_size", "tokens")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class BoardData:
    """All runs of a file, and what its header says of the board."""

    header: Mapping[str, Any]
    runs: tuple[BoardRun, ...]

    @property
    def board(self) -> str:
        """The board's name as its driver has it."""
        return str(self.header.get("board", "unknown board"))


def holds_board_runs(path: Path) -> bool:
    """Whether the file begins with a header, as those of boards do. Raises `DataError`."""
    for _, line in numbered_lines(path):
        return _HEADER.match(line) is not None
    return False


def load_board_runs(path: str | Path) -> BoardData:
    """The measured runs in `path` (.jsonl or .jsonl.gz): joules and seconds of one call.

    Raises `DataError`, which names the line and the field, for a missing or damaged file.
    """
    path = Path(path)
    header: Mapping[str, Any] = {}
    runs: list[BoardRun] = []
    for number, line in numbered_lines(path):
        check = _check(f"{path.name}, line {number}")
        try:
            data = strict_json(line)
        except ValueError as error:
            check.refuse(f"not valid JSON ({error})")
        if not isinstance(data, dict):
            check.refuse("a line must be a JSON object")
        if "header" in data:
            header = check.field(data, "header", dict)
        else:
            runs.append(_run(data, check))
    if not runs:
        raise DataError(f"{path.name} holds no runs; give a .jsonl or .jsonl.gz file of runs")
    return BoardData(header, tuple(runs))


def _check(place: str) -> Checker:
    def error(what: str) -> DataError:
        return DataError(
            f"{place}: {what}; repair or remove this line (the format: a header, then one JSON "
            "run a line with name, dtype, mode, batch_size, tokens and nodes)"
        )

    return Checker(error)


def _run(data: Mapping[str, Any], check: Checker) -> BoardRun:
    name, dtype = check.field(data, "name", str), check.field(data, "dtype", str)
    mode = check.one_of(data, "mode", MODES)
    batch_size = check.whole(data.get("batch_size"), "'batch_size'", 1)
    tokens = check.whole(data.get("tokens"), "'tokens'", 1)
    found: dict[str, Node] = {}
    distinct: dict[str, NodeType] = {}
    for entry in check.field(data, "nodes", list):
        if not isinstance(entry, dict):
            check.refuse("a node must be an object")
        node = _node(entry, dtype, check)
        if node.energy is not None:
            has_children = check.whole(entry.get("children"), "'children'") > 0
            level: NodeType = "module" if has_children else "ml"
            distinct[node.path] = "model" if node.path == "" else level
        for path in (node.path, *check.strings(entry.get("same_as", []), "'same_as'")):
            if path in found:
                check.refuse(f"the path {path!r} occurs twice")
            if path.count(".") >= MAX_DEPTH or len(found) >= MAX_NODES:
                check.refuse(f"more than {MAX_NODES} nodes, or deeper than {MAX_DEPTH}")
            found[path] = _at(node, path)
    if "" not in distinct:
        check.refuse("the model itself (the path '') was not measured")
    tree = ModelTree(name, _joined(found), batch_size, tokens if mode == "forward" else 1)
    return BoardRun(name, dtype, mode, batch_size, tokens, tree, distinct)


def _node(data: Mapping[str, Any], dtype: str, check: Checker) -> Node:
    calls = check.whole(data.get("calls"), "'calls'", 1)
    flops = check.number(data.get("flops"), "'flops'", MAX_WORK)
    moved = check.number(data.get("bytes"), "'bytes'", MAX_WORK)
    seconds, joules = (_measured(data.get(key), f"{key!r}", check) for key in _MEASURED)
    features = Features(
        num_parameters=check.whole(data.get("parameters"), "'parameters'"),
        flops=flops,
        bytes=moved,
        # As near as it can be told: the published counts are of float32.
        canonical_megaflops=flops / MEGAFLOP,
        canonical_mebibytes=moved / MEBIBYTE * 4 / item_bytes(dtype),
        calls=calls,
        input_shapes=_shapes(data.get("input_shapes"), check),
        output_shapes=_shapes(data.get("output_shapes"), check),
        dtype=dtype,
        operation=_optional(data, "operation", check),
        latency_seconds=None if seconds is None else seconds * calls,
    )
    energy = None
    if joules is not None and seconds is not None:
        total = joules * calls
        energy = Energy(total, total, total, "measured")
    return Node(
        path=check.field(data, "path", str),
        type=check.one_of(data, "type", NODE_TYPES),
        class_name=check.field(data, "class", str),
        features=features,
        energy=energy,
        primitive=_optional(data, "primitive", check),
    )


_MEASURED = ("latency_seconds", "joules")


def _measured(value: Any, what: str, check: Checker) -> float | None:
    """None where it was not measured."""
    if value is None:
        return None
    if not LEAST <= check.number(value, what) <= MOST:
        check.refuse(f"{what} must lie between {LEAST:g} and {MOST:g}")
    return float(value)


def _optional(data: Mapping[str, Any], key: str, check: Checker) -> str | None:
    return None if data.get(key) is None else check.field(data, key, str)


def _shapes(value: Any, check: Checker) -> tuple[Shape, ...]:
    if not isinstance(value, list) or not all(isinstance(shape, list) for shape in value):
        check.refuse("shapes must be lists of whole numbers")
    return tuple(tuple(check.whole(size, "a size") for size in shape) for shape in value)


def _at(node: Node, path: str) -> Node:
    return Node(
        path,
        node.type,
        node.class_name,
        node.features,
        energy=node.energy,
        primitive=node.primitive,
    )


def _joined(nodes: Mapping[str, Node]) -> Node:
    """The root with all below it: a node hangs on the nearest path above that is there."""
    below: dict[str, list[str]] = {path: [] for path in nodes}
    for path in nodes:
        above = path
        while above:
            above = above.rpartition(".")[0]
            if above in below:
                below[above].append(path)
                break

    def made(path: str) -> Node:
        node = nodes[path]
        return Node(
            path,
            node.type,
            node.class_name,
            node.features,
            _shared(tuple(made(each) for each in below[path])),
            node.energy,
            node.primitive,
        )

    return made("")


def _shared(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The parts of a fused kernel, each measured as the whole, with a part of it each."""
    parts = [node for node in nodes if is_fused(node) and node.features.latency_seconds]
    if len(parts) < 2:
        return nodes
    return tuple(_part(node, 1 / len(parts)) if node in parts else node for node in nodes)


def _part(node: Node, share: float) -> Node:
    features = node.features
    seconds = (features.latency_seconds or 0.0) * share
    return replace(
        node,
        features=replace(features, latency_seconds=seconds),
        energy=None if node.energy is None else node.energy.scaled(share),
    )
