"""Predicts a tree by its features alone (R2): joules, intervals and flags at every node.

Rooflines of the leaves and a non-negative own term of each module: E(node) = own(node) +
Σ E(child), so a tree's numbers add up at every node. What no regressor covers gets a declared
fallback, and what lies outside the trained ranges a wider interval; both are flagged.
Predicting needs neither numpy nor scipy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from irene_jupyter.predictors.forms import features
from irene_jupyter.predictors.forms.coefficients import NEW, OTHER_SIZE, Interval
from irene_jupyter.predictors.predict.estimates import Known
from irene_jupyter.predictors.predict.terms import Coefficients, Part, is_doubted
from irene_jupyter.predictors.profiles.device_profile import DeviceProfile
from irene_jupyter.tree import Energy, ModelTree, Node, Source

# Interval of a fallback: ×/÷ this. No data say so; it is meant to be wide.
ESTIMATED_FACTOR = 3.0
# … and where what ran is not known at all: kernels of one size of data differ by as much.
UNKNOWN_FACTOR = 10.0
# How much a second in place may have cost at most: processor and memory of a desktop at full load.
UNKNOWN_WATTS = 100.0
# Outside the trained ranges an interval is this much wider, in logarithms …
EXTRAPOLATED_FACTOR = 3.0
# … but by no more than ×/÷ this, and at least ×/÷ that.
EXTRAPOLATED_MOST = 2.0
EXTRAPOLATED_LEAST = 1.5
# A module is "estimated" or "extrapolated" when more than this share of its joules is.
NOTABLE_SHARE = 0.2
_NOT_FLOATING = ("int", "uint", "bool")


def by_features(tree: ModelTree, profile: DeviceProfile) -> ModelTree:
    """A copy of the tree, predicted as if nothing had been run."""
    reasons = (
        _outside("batch size", tree.batch_size, profile.ranges.get("batch_size")),
        _outside("sequence length", tree.seq_len, profile.ranges.get("seq_len")),
    )
    node, _ = _Prediction(tree, profile, _joined(*reasons)).of(tree.root, None)
    return replace(tree, root=node)


def _is_leaf(node: Node) -> bool:
    return node.primitive is not None and not node.children


@dataclass(slots=True)
class _Share:
    """The part of a subtree's joules whose interval is not the profile's own."""

    joules: float = 0.0
    low: float = 0.0
    high: float = 0.0

    def add(self, other: _Share) -> None:
        self.joules += other.joules
        self.low += other.low
        self.high += other.high


@dataclass(slots=True)
class _Shares:
    estimated: _Share
    extrapolated: _Share


@dataclass(frozen=True, slots=True)
class _Result:
    """What is predicted of a node, wherever it stands: layers are alike, and predicted once."""

    identity: int
    energy: Energy
    flags: tuple[str, ...]
    shares: _Shares


class _Prediction:
    """One tree's prediction with one profile."""

    def __init__(self, tree: ModelTree, profile: DeviceProfile, everywhere: str) -> None:
        self._tree = tree
        self._profile = profile
        self._everywhere = everywhere  # why the whole tree is an extrapolation, or ""
        self._known_size = (tree.batch_size, tree.seq_len) in profile.sizes
        self._coefficients = Coefficients(profile.leaves, profile.own)
        self._results: dict[tuple[object, ...], _Result] = {}
        # By the node's id(), which lives as long as the tree: one may stand at many places.
        self._done: dict[tuple[int, bool], tuple[Node, _Result]] = {}

    def of(
        self, node: Node, parent: Node | None, beside_trained: bool = False
    ) -> tuple[Node, _Result]:
        """The node with its energy, and what else is predicted of it.

        `beside_trained`: whether a child of the `parent` has a regressor.
        """
        done = self._done.get((id(node), beside_trained))
        if done is not None:
            return done
        holds_trained = self._coefficients.holds_trained_leaves(node)
        below = [self.of(child, node, holds_trained) for child in node.children]
        known = node.features
        key = (
            node.type,
            node.primitive,
            known.canonical_megaflops,
            known.canonical_mebibytes,
            known.flops,
            known.bytes,
            known.calls,
            known.input_shapes,
            known.output_shapes,
            known.dtype,
            # A leaf without a regressor is another beside leaves with one.
            node.primitive not in features.KINDS and beside_trained,
            is_doubted(node) and known.latency_seconds,
            tuple([result.identity for _, result in below]),
        )
        result = self._results.get(key)
        if result is None:
            interval = interval_of(self._profile, "features", node, known_size=self._known_size)
            outside = _joined(self._everywhere, _other_dtype(node, self._profile))
            if _is_leaf(node):
                made = self._leaf(node, parent, interval, outside)
            else:
                made = self._inner(node, interval, outside, [each for _, each in below])
            result = self._results[key] = _Result(len(self._results), *made)
        predicted = Node(
            node.path,
            node.type,
            node.class_name,
            known,
            tuple([child for child, _ in below]),
            result.energy,
            node.primitive,
            node.flags + result.flags,
        )
        self._done[id(node), beside_trained] = (predicted, result)
        return predicted, result

    def _leaf(
        self, node: Node, parent: Node | None, interval: Interval, outside: str
    ) -> tuple[Energy, tuple[str, ...], _Shares]:
        part = self._coefficients.of_leaf(self._tree, node, parent)
        joules = part.joules
        shares = _Shares(_Share(), _Share())
        if is_doubted(node):
            joules = max(joules, self._coefficients.launch_joules * node.features.calls)
            shares.estimated = _unknown(node, joules)
            known = shares.estimated
            return Energy(joules, known.low, known.high, "estimated"), (), shares
        if part.basis is not None:
            # Nothing was counted and yet something ran: at least it has a launch's upper bound.
            high = joules * ESTIMATED_FACTOR
            high = high or self._coefficients.launch_joules * node.features.calls
            energy = Energy(joules, joules / ESTIMATED_FACTOR, high, "estimated")
            if not part.as_trained:
                shares.estimated = _Share(joules, energy.low, energy.high)
            flag = f"estimated: no regressor for {node.primitive}; {part.basis}"
            return energy, (flag,), shares
        flags: tuple[str, ...] = ()
        outside = _joined(outside, self._outside_sizes(node, part))
        if outside:
            interval = widened(interval)
            flags = (f"extrapolated: {outside}",)
            shares.extrapolated = _share(joules, interval)
        energy = Energy(joules, joules * interval.low, joules * interval.high, "predicted")
        return energy, flags, shares

    def _inner(
        self, node: Node, interval: Interval, outside: str, below: Sequence[_Result]
    ) -> tuple[Energy, tuple[str, ...], _Shares]:
        shares = _Shares(_Share(), _Share())
        for child in below:
            shares.estimated.add(child.shares.estimated)
            shares.extrapolated.add(child.shares.extrapolated)
        own = self._coefficients.of_own(self._tree, node)
        if is_doubted(node):
            least = self._coefficients.launch_joules * node.features.calls
            own = Part(max(own.joules, least), "work that is not known")
        joules = own.joules + math.fsum(child.energy.joules for child in below)
        if own.basis is not None:
            factor = Interval(1 / ESTIMATED_FACTOR, ESTIMATED_FACTOR)
            doubted = is_doubted(node)
            shares.estimated.add(
                _unknown(node, own.joules) if doubted else _share(own.joules, factor)
            )
        elif self._is_more_than_trained(node):
            shares.extrapolated.add(_share(own.joules, widened(interval)))
        if not joules:  # nothing ran
            return Energy(0.0, 0.0, 0.0, "predicted"), (), shares

        estimated, extrapolated = shares.estimated, shares.extrapolated
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
        if outside:
            interval = widened(interval)
            flags.append(f"extrapolated: {outside}")
        else:
            usual = max(0.0, usual - extrapolated.joules)
            low, high = low + extrapolated.low, high + extrapolated.high
            if extrapolated.joules > NOTABLE_SHARE * joules:
                share = extrapolated.joules / joules
                flags.append(f"extrapolated: {share:.0%} of it lies outside the trained sizes")
        energy = Energy(
            joules=joules,
            low=min(joules, usual * interval.low + low),
            high=max(joules, usual * interval.high + high),
            source=source,
        )
        return energy, tuple(flags), shares

    def _is_more_than_trained(self, node: Node) -> bool:
        trained = self._profile.ranges.get("rest_mebibytes")
        return trained is not None and features.rest_mebibytes(node) > trained[1]

    def _outside_sizes(self, node: Node, part: Part) -> str:
        """Why a leaf lies outside the trained ranges; "" if it does not."""
        for width, name in zip(
            features.gemm_widths(node) or (), ("gemm_k", "gemm_n"), strict=False
        ):
            if reason := _outside("width", width, self._profile.ranges.get(name)):
                return reason
        regressor = self._profile.leaves[features.kind_of(node) or ""]
        # Below its sizes a leaf costs its launch, which is as well known as before.
        launch_bound = regressor.work_joules(part.row) < regressor.floor_joules
        for column, value, (low, high) in zip(
            regressor.columns, part.row, regressor.ranges, strict=True
        ):
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
        return Interval(1 / ESTIMATED_FACTOR, ESTIMATED_FACTOR)
    return Interval(min(item.low for item in of_level), max(item.high for item in of_level))


def widened(interval: Interval) -> Interval:
    """The interval of what lies outside the trained ranges."""
    return interval.widened(EXTRAPOLATED_FACTOR, EXTRAPOLATED_LEAST, EXTRAPOLATED_MOST)


def _joined(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)


def _other_dtype(node: Node, profile: DeviceProfile) -> str:
    dtype = node.features.dtype
    if dtype is None or dtype in profile.dtypes or dtype.startswith(_NOT_FLOATING):
        return ""
    return f"{dtype} predicted as {profile.dtypes[0]}"


def _outside(label: str, value: float, trained: tuple[float, float] | None, unit: str = "") -> str:
    if trained is None or trained[0] * (1 - 1e-6) <= value <= trained[1] * (1 + 1e-6):
        return ""
    amount = " ".join(filter(None, (label, f"{value:.4g}", unit)))
    return f"{amount} (trained on {trained[0]:.4g}–{trained[1]:.4g})"
