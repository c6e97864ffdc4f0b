"""A board's journal and trees → a file of measured runs, and the profile that is fitted to it."""

from __future__ import annotations

import gzip
import json
import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.calibration.running.records import NodeRun, Record, Rest
from irene_jupyter.calibration.workload.board_bench import DistinctNode
from irene_jupyter.calibration.workload.board_case import BoardCase
from irene_jupyter.errors import DataError
from irene_jupyter.files import write_atomic
from irene_jupyter.meters.base import BoardCondition
from irene_jupyter.predictors.fit.board_runs import load_board_runs
from irene_jupyter.predictors.fit.board_training import train_board
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.loading import fingerprint
from irene_jupyter.tree import Node

COMPRESSION = 6


def write_nodes(
    path: Path,
    header: Mapping[str, Any],
    cases: Sequence[BoardCase],
    nodes: Mapping[str, tuple[DistinctNode, ...]],
    records: Sequence[Record],
) -> Path:
    """The measured runs as `irene-jupyter train` and `evaluate` read them, .jsonl.gz.

    A case whose whole model was not measured is left out. Raises `CalibrationError` where none is
    left, or the file cannot be written.
    """
    found: dict[tuple[str, str], list[NodeRun]] = defaultdict(list)
    for each in records:
        if isinstance(each, NodeRun):
            found[each.case, each.path].append(each)
    lines: list[dict[str, Any]] = [{"header": dict(header)}]
    for case in cases:
        if found[case.key, ""] and case.key in nodes:
            lines.append(
                {
                    "name": case.name,
                    "dtype": case.dtype,
                    "mode": case.mode,
                    "batch_size": case.batch_size,
                    "tokens": case.tokens,
                    "nodes": [
                        entry
                        for each in nodes[case.key]
                        for entry in _entries(each, found[case.key, each.path])
                    ],
                }
            )
    if len(lines) == 1:
        raise CalibrationError("no model was measured as a whole: calibrate again")
    text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
    return write_atomic(path, gzip.compress(text.encode(), COMPRESSION, mtime=0), CalibrationError)


def board_header(board: Mapping[str, Any], records: Sequence[Record]) -> dict[str, Any]:
    """What the file says of the board: its rest with a context, and how it was meanwhile."""
    rest = [each for each in records if isinstance(each, Rest)]
    seen = [each for each in records if isinstance(each, BoardCondition)]
    others = [each.other_processes for each in seen if each.other_processes is not None]
    warmth = [each.celsius for each in seen if each.celsius is not None]
    return {
        **board,
        **({"board": seen[-1].board} if seen else {}),  # by its driver, as others name it
        "idle_with_context_watts": rest[-1].watts if rest else None,
        "power_limit_watts": seen[-1].limit_watts if seen else None,
        "usual_power_limit_watts": seen[-1].usual_limit_watts if seen else None,
        "other_processes": max(others, default=None),
        "celsius": [min(warmth), max(warmth)] if warmth else None,
        "throttling": sorted({why for each in seen for why in each.throttling}),
    }


def calibrated_board(path: Path, *, name: str, training: Mapping[str, Any]) -> BoardProfile:
    """This machine's board by the runs in the file. Raises `CalibrationError` for too few."""
    data = load_board_runs(path)
    here = fingerprint()
    marks = ", SIMULATED" if training.get("simulated") else ""
    try:
        fitted = train_board(
            data, name=name, label=f"{data.board}, board alone, calibrated here{marks}"
        )
    except DataError as error:
        raise CalibrationError(
            f"the board's constants cannot be told: {error}. Calibrate again, with resume to keep "
            "what was measured"
        ) from error
    memory = data.header.get("memory_gibibytes")
    return replace(
        fitted,
        host=str(here["cpu"]),
        training={**fitted.training, **training},
        citation="Measured on this board by irene_jupyter, suite board (docs/boards.md).",
        memory_gibibytes=memory,
        fingerprint=here,
    )


def _entries(node: DistinctNode, runs: Sequence[NodeRun]) -> list[dict[str, Any]]:
    """One for each node; the parts of a fused kernel have what was measured of the whole."""
    measured: dict[str, Any] = {"latency_seconds": None, "joules": None}
    if runs:
        measured = {
            "repeats": sum(each.repeats for each in runs),
            "latency_seconds": statistics.fmean(each.seconds for each in runs),
            "watts": statistics.fmean(each.watts for each in runs),
            "error_watts": math.hypot(*(each.error_watts for each in runs)) / len(runs),
            "updates": sum(each.changes for each in runs),
            "joules": statistics.fmean(each.joules for each in runs),
        }
    return [
        {**_described(part), "same_as": list(same), **measured}
        for part, same in zip(node.nodes, node.same_as, strict=True)
    ]


def _described(node: Node) -> dict[str, Any]:
    its = node.features
    return {
        "path": node.path,
        "class": node.class_name,
        "primitive": node.primitive,
        "operation": its.operation,
        "type": node.type,
        "children": len(node.children),
        "parameters": its.num_parameters,
        "flops": its.flops,
        "bytes": its.bytes,
        "calls": its.calls,
        "input_shapes": [list(shape) for shape in its.input_shapes],
        "output_shapes": [list(shape) for shape in its.output_shapes],
    }
