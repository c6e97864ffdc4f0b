"""Measured kernels of a board → its profile and the forms of its kernels, tested on what was left
out. Deterministic, as the training by runs is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.fit.device_training import check_name, rounded
from irene_jupyter.predictors.fit.kernel_constants import idle_watts, kernel_constants
from irene_jupyter.predictors.fit.kernel_errors import (
    KernelOutcome,
    kernel_figures,
    kernel_intervals,
    kernel_outcome,
    kernels_inside,
)
from irene_jupyter.predictors.fit.kernel_fit import LEAST_ROWS, fit_kernel
from irene_jupyter.predictors.fit.kernel_rows import LEAST_READINGS, KernelData, Kernels
from irene_jupyter.predictors.forms.board_constants import BOARD_KNOWN
from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.profiles.board_profile import BoardProfile
from irene_jupyter.predictors.profiles.kernel_profile import KernelProfile
from irene_jupyter.predictors.profiles.loading import load_board

FOLDS = 4  # of shape families
# Modules and models ran on no board but the H100: its sides, in logarithms times so much.
UNTESTED_FACTOR = 1.5
SOURCE = (
    "Single kernels of vLLM and TensorRT-LLM, their time in CUDA graphs and the board's power by "
    "NVML: ai-dynamo/aiconfigurator, https://github.com/ai-dynamo/aiconfigurator, commit "
    "095f58a51c4ca8e61b66ec108d86f223f8d559ce, Apache-2.0, Copyright NVIDIA CORPORATION & "
    "AFFILIATES. Cache: NVIDIA's datasheet."
)
LABELS = {"h200": "H200 SXM, board alone", "b200": "B200 SXM, board alone"}
MEMORY_GIBIBYTES = {"h200": 140.4, "b200": 179.1}  # 143771 and 183359 MiB by their driver


@dataclass(frozen=True)
class TrainedKernels:
    """What a table of kernels gives: a board's constants for trees, and forms for kernels."""

    profile: BoardProfile
    kernels: KernelProfile


def train_kernels(
    data: KernelData,
    *,
    name: str,
    label: str | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> TrainedKernels:
    """Fit constants and forms, and test the forms on shape families that were left out.

    `told` hears of each kind that is begun. Raises `DataError` for a bad name, and for a table
    without power.
    """
    check_name(name)
    usual = load_board("h100")
    if usual is None:
        raise DataError("the profile h100, which such a profile begins with, is not installed")
    constants = kernel_constants(data, usual.constants)
    idle = idle_watts(data)
    forms, tested = {}, []
    for kernels in data.kinds:
        if kernels.is_powered.sum() < LEAST_ROWS:
            continue
        told(" ".join(filter(None, kernels.kind)))
        forms["/".join(kernels.kind)] = fit_kernel(
            kernels, np.ones(len(kernels.seconds), dtype=bool), idle
        )
        tested += _left_out(kernels, idle)
    outcomes = [each for _, each in tested]
    intervals = kernel_intervals(outcomes)
    trained = KernelProfile(
        board=data.board, idle_watts=idle, forms=forms, intervals=intervals, citation=SOURCE
    )
    profile = BoardProfile(
        name=name,
        label=label or LABELS.get(name, f"{data.board}, board alone"),
        board=f"NVIDIA {data.board}",
        host=f"the H100's: {usual.host}",
        constants=constants,
        intervals=_of_trees(usual, intervals),
        training={
            "energy": "of the board alone, idle power included",
            "kernels": sum(len(each.seconds) for each in data.kinds),
            "with_power": sum(int(each.is_powered.sum()) for each in data.kinds),
            "method": "kernels: operations and bytes by products whose power is the mean of "
            f"{LEAST_READINGS} readings or more, idle power the lowest that was read",
            "of_the_h100": "pointwise operations, products off the tensor cores, those of odd "
            "widths in proportion, a kernel's least time, and the host's: no kernel tells them",
            "intervals": "of leaves: products and attention kernels that were left out; of "
            f"modules and models: the H100's, {UNTESTED_FACTOR:g} times as wide, as none was "
            "measured here",
        },
        scorecard={
            "left_out": "a quarter of the shape families (products by their width, attention by "
            "its heads, experts by their sizes), by kernels' own forms",
            "kernels": kernel_figures(outcomes),
            "in_interval_percent": _crossed(tested),
        },
        citation=f"{SOURCE} What kernels do not tell: {usual.citation}",
        memory_gibibytes=MEMORY_GIBIBYTES.get(name),
    )
    return TrainedKernels(
        BoardProfile.from_dict(rounded(profile.to_dict())),
        KernelProfile.from_dict(_short(trained.to_dict())),
    )


def _left_out(kernels: Kernels, idle: float) -> list[tuple[int, KernelOutcome]]:
    """The outcomes of each fold by a form that the others gave."""
    families = sorted(set(kernels.families))
    fold = np.array([families.index(family) % FOLDS for family in kernels.families])
    found = []
    for number in range(FOLDS):
        tested = (fold == number) & kernels.is_powered
        others = fold != number
        if tested.any() and (others & kernels.is_powered).any():
            form = fit_kernel(kernels, others, idle)
            found.append((number, kernel_outcome(kernels, form, tested, idle)))
    return found


def _crossed(tested: list[tuple[int, KernelOutcome]]) -> dict[str, dict[str, float | None]]:
    """Each fold's outcomes in the intervals that the others' errors make: means over folds."""
    parts = []
    for number in range(FOLDS):
        others = [each for fold, each in tested if fold != number]
        own = [each for fold, each in tested if fold == number]
        if others and own:
            parts.append(kernels_inside(own, kernel_intervals(others)))
    found: dict[str, dict[str, float | None]] = {}
    for known in ("nothing", "seconds"):
        operations = dict.fromkeys(name for part in parts for name in part[known])
        for operation in operations:
            shares = [part[known].get(operation) for part in parts]
            numbers = [share for share in shares if share is not None]
            mean = round(sum(numbers) / len(numbers), 1) if numbers else None
            found.setdefault(known, {})[operation] = mean
    return found


def _of_trees(
    usual: BoardProfile, intervals: Mapping[str, Mapping[str, Interval]]
) -> Mapping[str, Mapping[str, Interval]]:
    found: dict[str, dict[str, Interval]] = {}
    for known in BOARD_KNOWN:
        levels = {
            level: interval.widened(UNTESTED_FACTOR, 1.0)
            for level, interval in usual.intervals[known].items()
        }
        of_kernels = intervals["seconds" if known == "seconds" else "nothing"]
        for operation in ("gemm", "attention_context", "attention_generation"):
            if operation in of_kernels:
                levels["ml"] = levels["ml"].joined(of_kernels[operation])
        found[known] = levels
    return found


def _short(value: object) -> object:
    """Numbers to five digits: what trees hold is no more exact."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_short(item) for item in value]
    return value
