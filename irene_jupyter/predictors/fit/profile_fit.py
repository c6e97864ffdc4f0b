"""Measured trees → a profile with coefficients and intervals, and nothing yet about its errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from irene_jupyter.predictors.fit.intervals import calibrated, fitted, folds_of
from irene_jupyter.predictors.fit.measurements import Table, tables_of
from irene_jupyter.predictors.forms import features, matrices
from irene_jupyter.predictors.forms.coefficients import Known
from irene_jupyter.predictors.forms.interval import Interval
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import ModelTree

PAPER = (
    "Qingqing Cao, Yash Kumar Lal, Harsh Trivedi, Aruna Balasubramanian, Niranjan "
    "Balasubramanian: IrEne: Interpretable Energy Prediction for Transformers. ACL-IJCNLP 2021. "
    "https://aclanthology.org/2021.acl-long.167"
)


def fit_profile(
    trees: Sequence[ModelTree],
    name: str,
    known: Sequence[Known] = ("features",),
    scaled: Sequence[Known] = (),
) -> DeviceProfile:
    """Coefficients, intervals for what may be `known`, and the scaling of those in `scaled`."""
    tables = tables_of(trees)
    device = fitted(tuple(tables))
    intervals: Mapping[str, Mapping[str, Interval]] = {}
    if known:
        device, intervals = calibrated(device, folds_of(trees), known, scaled)
    dtypes = {row.node.features.dtype for table in tables for row in table.rows}
    return DeviceProfile(
        name=name,
        label=name,
        kind="reference",
        coefficients=device,
        intervals=intervals,
        patterns=frozenset(row.pattern for table in tables for row in table.rows),
        sizes=frozenset((tree.batch_size, tree.seq_len) for tree in trees),
        ranges=feature_ranges(tables),
        dtypes=tuple(sorted(dtype for dtype in dtypes if dtype is not None)) or ("float32",),
        training={},
        scorecard={},
        citation=PAPER,
    )


def feature_ranges(tables: Sequence[Table]) -> dict[str, tuple[float, float]]:
    """The trained range of what a whole tree or a product must lie in."""
    found: dict[str, list[float]] = defaultdict(list)
    for table in tables:
        found["batch_size"].append(table.tree.batch_size)
        found["seq_len"].append(table.tree.seq_len)
        for row in table.inner:
            found["rest_mebibytes"].append(features.rest_mebibytes(row.node))
        for row in table.leaves:
            if (widths := matrices.gemm_widths(row.node)) is not None:
                found["gemm_k"].append(widths[0])
                found["gemm_n"].append(widths[1])
    return {name: (float(min(values)), float(max(values))) for name, values in found.items()}
