"""Files of measured runs, made by hand: joules by known constants."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from irene_jupyter.predictors.fit.board_fit import START
from irene_jupyter.predictors.forms.board_work import work_units
from irene_jupyter.tree import Features, Node

TRUTH = replace(START, idle_watts=90.0, busy_watts=500.0, joules_per_byte=8e-11)
HEADER = {"header": {"board": "Board of the tests", "torch": "2.11"}}


def entry(path: str, primitive: str | None, rows: int, width: int, out: int) -> dict[str, Any]:
    """A leaf of (rows, width) → (rows, out) in bfloat16, without its measurements."""
    is_product = primitive == "Linear"
    parameters = width * out if is_product else 0
    return {
        "path": path,
        "class": primitive or "Rotary",
        "primitive": primitive,
        "operation": None,
        "type": "ml",
        "children": 0,
        "parameters": parameters,
        "flops": 2.0 * rows * width * out if is_product else 4.0 * rows * out,
        "bytes": 2.0 * (rows * width + rows * out + parameters),
        "calls": 1,
        "input_shapes": [[rows, width]],
        "output_shapes": [[rows, out]],
        "same_as": [],
    }


def measured(node: dict[str, Any], slower: float) -> dict[str, Any]:
    """With the seconds and joules that `TRUTH` gives it alone."""
    leaf = Node(
        node["path"],
        "ml",
        node["class"],
        Features(
            num_parameters=node["parameters"],
            flops=node["flops"],
            bytes=node["bytes"],
            input_shapes=tuple(map(tuple, node["input_shapes"])),
            output_shapes=tuple(map(tuple, node["output_shapes"])),
            dtype="bfloat16",
        ),
        primitive=node["primitive"],
    )
    (unit,) = work_units(leaf, TRUTH.cache_bytes)
    seconds = slower * max(2e-5, TRUTH.device_seconds(unit.own))
    return {**node, "latency_seconds": seconds, "joules": TRUTH.joules(unit.work, seconds)}


def run_of(name: str, rows: int, width: int) -> dict[str, Any]:
    """A model of two products of one shape, a pointwise operation and a head."""
    leaves = [
        measured(entry("layer.up", "Linear", rows, width, 4 * width), 1.1),
        measured(entry("layer.act", "SiLU", rows, 4 * width, 4 * width), 1.4),
        measured(entry("layer.down", "Linear", rows, 4 * width, width), 1.3),
        measured(entry("head", "Linear", rows, width, 32000), 1.05),
    ]
    leaves[0]["same_as"] = ["layer.gate"]
    parts = [*leaves, leaves[0]]
    root = {
        **entry("", None, rows, width, 32000),
        "class": "Model",
        "type": "model",
        "children": 2,
        "parameters": sum(leaf["parameters"] for leaf in parts),
        **{
            key: sum(leaf[key] for leaf in parts)
            for key in ("flops", "bytes", "latency_seconds", "joules")
        },
    }
    layer = {
        **root,
        "path": "layer",
        "type": "module",
        **{
            key: sum(leaf[key] for leaf in parts if leaf["path"] != "head")
            for key in ("parameters", "flops", "bytes", "latency_seconds", "joules")
        },
        "output_shapes": [[rows, width]],
    }
    return {
        "name": name,
        "dtype": "bfloat16",
        "mode": "forward",
        "batch_size": 1,
        "tokens": rows,
        "nodes": [*leaves, layer, root],
    }


def runs_of_three() -> list[dict[str, Any]]:
    """Of three families, from host-bound to bound by the board."""
    return [
        run_of(f"{family}-{size}", rows, width)
        for family, scale in (("one", 1), ("two", 2), ("three", 3))
        for size, rows, width in (("small", 16, 512 * scale), ("large", 2048 * scale, 2048))
    ]


def write(path: Path, runs: list[Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in [HEADER, *runs]))
    return path
