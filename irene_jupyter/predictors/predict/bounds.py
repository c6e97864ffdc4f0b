"""How sure an estimate by features is: intervals, flags, and which part of it is a fallback.

What no regressor covers gets a declared interval, and what lies outside the trained ranges a
wider one; both are flagged. Predicting needs neither numpy nor scipy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from irene_jupyter.predictors.forms import features, matrices
from irene_jupyter.predictors.forms.coefficients import Known
from irene_jupyter.predictors.forms.interval import (
    ESTIMATED,
    ESTIMATED_FACTOR,
    NEW,
    OTHER_SIZE,
    Interval,
)
from irene_jupyter.predictors.predict.estimates import Estimate
from irene_jupyter.predictors.predict.subtrees import Subtrees, is_doubted
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import Energy, Node, Source

# Where what ran is not known at all: kernels of one size of data differ by as much, ×/÷.
UNKNOWN_FACTOR = 10.0
# How much a second in place may have cost at most: processor and memory of a desktop at full load.
UNKNOWN_WATTS = 100.0
# A module is "estimated" or "extrapolated" when more than this share of its joules is.
NOTABLE_SHARE = 0.2
NOT_FLOATING = ("int", "uint", "bool")


@dataclass(frozen=True, slots=True)
class _Share:
    """The part of a subtree's joules whose interval is not the profile's own."""

    joules: float = 0.0
    low: float = 0.0
    high: float = 0.0

    def __add__(self, other: _Share) -> _Share:
        return _Share(self.joules + other.joules, self.low + other.low, self.high + other.high)


_NONE = _Share()


@dataclass(frozen=True, slots=True)
class Bound:
    """A node's energy by features (R2) with its interval, flags, and the shares that it holds."""

    energy: Energy
    flags: tuple[str, ...] = ()
    estimated: _Share = _NONE
    extrapolated: _Share = _NONE


def bounds(
    subtrees: Subtrees, estimates: Sequence[Estimate], profile: DeviceProfile
) -> list[Bound]:
    """The bounds of each of `subtrees.distinct`, as if nothing had been run."""
    tree = subtrees.distinct[-1].tree
    everywhere = _joined(  # why the whole tree is an extrapolation, or ""
        _outside("batch size", tree.batch_size, profile.ranges.get("batch_size")),
        _outside("sequence length", tree.seq_len, profile.ranges.get("seq_len")),
    )
    known_size = (tree.batch_size, tree.seq_len) in profile.sizes
    found: list[Bound] = []
    for subtree, estimate in zip(subtrees.distinct, estimates, strict=True):
        node = subtree.node
        interval = interval_of(profile, "features", node, known_size=known_size)
        outside = _joined(everywhere, _other_dtype(node, profile))
        if subtree.is_leaf:
            made = _leaf(node, estimate, profile, interval, outside)
        else:
            below = [found[at] for at in subtree.children]
            made = _inner(node, estimate, profile, interval, outside, below)
        found.append(made)
    return found


def _leaf(
    node: Node, estimate: Estimate, profile: DeviceProfile, interval: Interval, outside: str
) -> Bound:
    term, joules = estimate.term, estimate.by_features
    if is_doubted(node):
        unknown = _unknown(node, joules)
        return Bound(Energy(joules, unknown.low, unknown.high, "estimated"), (), unknown)
    if term.basis is not None:
        # Nothing was counted and yet something ran: at least it has a launch's upper bound.
        high = joules * ESTIMATED_FACTOR
        high = high or profile.coefficients.launch_joules * node.features.calls
        energy = Energy(joules, joules / ESTIMATED_FACTOR, high, "estimated")
        share = _NONE if term.as_trained else _Share(joules, energy.low, energy.high)
        return Bound(
            energy, (f"estimated: no regressor for {node.primitive}; {term.basis}",), share
        )
    flags: tuple[str, ...] = ()
    extrapolated = _NONE
    outside = _joined(outside, _outside_sizes(node, term.row, profile))
    if outside:
        interval = interval.extrapolated()
        flags = (f"extrapolated: {outside}",)
        extrapolated = _share(joules, interval)
    energy = Energy(joules, joules * interval.low, joules * interval.high, "predicted")
    return Bound(energy, flags, extrapolated=extrapolated)


def _inner(
    node: Node,
    estimate: Estimate,
    profile: DeviceProfile,
    interval: Interval,
    outside: str,
    below: Sequence[Bound],
) -> Bound:
    own, joules = estimate.term, estimate.by_features
    estimated = sum((child.estimated for child in below), _NONE)
    extrapolated = sum((child.extrapolated for child in below), _NONE)
    if is_doubted(node):
        estimated += _unknown(node, own.joules)
    elif own.basis is not None:
        estimated += _share(own.joules, ESTIMATED)
    elif _is_more_than_trained(node, profile):
        extrapolated += _share(own.joules, interval.extrapolated())
    if not joules:  # nothing ran
        return Bound(Energy(0.0, 0.0, 0.0, "predicted"), (), estimated, extrapolated)
    usual = max(0.0, joules - estimated.joules)
    low, high = estimated.low, estimated.high
    source: Source = "predicted"
    flags = []
    if is_doubted(node):
        source = "estimated"
    elif estimated.joules > NOTABLE_SHARE * joules:
        source = "estimated"
        what = own.basis or "work without a regressor"
        flags.append(f"estimated: {estimated.joules / joules:.0%} of it is {what}")
    known = max(0.0, usual - extrapolated.joules)
    inside = (
        min(joules, known * interval.low + low + extrapolated.low),
        max(joules, known * interval.high + high + extrapolated.high),
    )
    if outside:
        flags.append(f"extrapolated: {outside}")
        wide = interval.extrapolated()
        ends = (min(joules, usual * wide.low + low), max(joules, usual * wide.high + high))
        if _other_dtype(node, profile):  # what is known less is never known better
            ends = min(ends[0], inside[0]), max(ends[1], inside[1])
    else:
        ends = inside
        if extrapolated.joules > NOTABLE_SHARE * joules:
            share = extrapolated.joules / joules
            flags.append(f"extrapolated: {share:.0%} of it lies outside the trained sizes")
    energy = Energy(joules, *ends, source)
    return Bound(energy, tuple(flags), estimated, extrapolated)


def _is_more_than_trained(node: Node, profile: DeviceProfile) -> bool:
    trained = profile.ranges.get("rest_mebibytes")
    return trained is not None and features.rest_mebibytes(node) > trained[1]


def _outside_sizes(node: Node, row: Sequence[float], profile: DeviceProfile) -> str:
    """Why a leaf lies outside the trained ranges; "" if it does not."""
    for width, name in zip(matrices.gemm_widths(node) or (), ("gemm_k", "gemm_n"), strict=False):
        if reason := _outside("width", width, profile.ranges.get(name)):
            return reason
    regressor = profile.coefficients.leaves[matrices.kind_of(node) or ""]
    # Below its sizes a leaf costs its launch, which is as well known as before.
    launch_bound = regressor.work_joules(row) < regressor.floor_joules
    for column, value, (low, high) in zip(regressor.columns, row, regressor.ranges, strict=True):
        trained = (0.0, high) if launch_bound else (low, high)
        if reason := _outside("", value, trained, features.COLUMNS[column].unit):
            return reason
    return ""


def _unknown(node: Node, joules: float) -> _Share:
    """Of work that was not counted: the time that it took tells most where it tells more."""
    seconds = node.features.latency_seconds or 0.0
    seconds -= math.fsum(child.features.latency_seconds or 0.0 for child in node.children)
    high = max(joules * UNKNOWN_FACTOR, seconds * UNKNOWN_WATTS)
    return _Share(joules, joules / UNKNOWN_FACTOR, high)


def _share(joules: float, interval: Interval) -> _Share:
    return _Share(joules, joules * interval.low, joules * interval.high)


def interval_of(profile: DeviceProfile, known: Known, node: Node, *, known_size: bool) -> Interval:
    """The group's interval; a group that training never met has the widest of its level."""
    intervals = profile.intervals.get(known, {})
    group = features.node_group(node)
    found = intervals.get(group)
    if found is not None:
        if features.pattern(node) not in profile.patterns:
            found = found.joined(intervals.get(group + NEW, found))
        if not known_size:
            found = found.joined(intervals.get(group + OTHER_SIZE, found))
        return found
    level = group.partition(":")[0]
    of_level = [item for name, item in intervals.items() if name.startswith(level)]
    if not of_level:
        return ESTIMATED
    return Interval(min(item.low for item in of_level), max(item.high for item in of_level))


def _joined(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)


def _other_dtype(node: Node, profile: DeviceProfile) -> str:
    dtype = node.features.dtype
    if dtype is None or dtype in profile.dtypes or dtype.startswith(NOT_FLOATING):
        return ""
    return f"{dtype} predicted as {profile.dtypes[0]}"


def _outside(label: str, value: float, trained: tuple[float, float] | None, unit: str = "") -> str:
    if trained is None or trained[0] * (1 - 1e-6) <= value <= trained[1] * (1 + 1e-6):
        return ""
    amount = " ".join(filter(None, (label, _number(value), unit)))
    return f"{amount} (trained on {_number(trained[0])}–{_number(trained[1])})"


def _number(value: float) -> str:
    """Four digits at least, and no power of ten: "0.3125", "14336"."""
    return f"{value:.4g}" if value < 1e4 else f"{value:.0f}"
