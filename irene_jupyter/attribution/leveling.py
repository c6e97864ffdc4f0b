"""Predicted trees at the level that was measured: every joule times one factor, phase by phase."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from irene_jupyter.attribution.apportion import Share
from irene_jupyter.merging import energies_of, total
from irene_jupyter.tree import Energy, Node, Source


def scaled_to(node: Node, share: Share) -> Node:
    """A predicted tree at the level that was measured: every joule times one factor.

    The root's source is "measured" where the counters covered its run and nothing else; all
    below keep theirs, because the division is the prediction's. Without a prediction to divide
    by, the root alone has the energy.
    """
    source: Source = "predicted" if node.energy is None else node.energy.source
    if share.is_whole:
        source = "measured"
    predicted = node.energy.joules if node.energy else 0.0
    if predicted <= 0:
        energy = Energy(share.joules, share.low, share.high, source)
        return replace(node, energy=energy)
    factor = share.joules / predicted
    least, most = (share.low / share.joules, share.high / share.joules) if share.joules else (1, 1)

    def scaled(each: Node) -> Node:
        energy = each.energy
        if energy is None:
            return each
        joules = energy.joules * factor
        changed = Energy(
            joules,
            min(joules, energy.low * factor * min(1.0, least)),
            max(joules, energy.high * factor * max(1.0, most)),
            energy.source,
        )
        # So that rounding never puts a parent below its children.
        return replace(each, energy=total([changed], energies_of(each.children)))

    children = tuple(child.mapped(scaled) for child in node.children)
    joules = max(share.joules, math.fsum(energy.joules for energy in energies_of(children)))
    energy = Energy(joules, min(share.low, joules), max(share.high, joules), source)
    return replace(node, energy=energy, children=children)


def leveled_phases(phases: Sequence[Node], whole: Node) -> list[Node]:
    """The trees of phases, brought to the level of `whole`, the tree of them all.

    `whole` was scaled after the phases were predicted. At every node the phases divide what
    `whole` has of its own as their predictions do, so that they add up to it again.
    """
    own: list[dict[str, float]] = [
        {node.path: node.own_joules or 0.0 for node in phase.walk()} for phase in phases
    ]
    entire: list[dict[str, float]] = [
        {node.path: node.energy.joules for node in phase.walk() if node.energy} for phase in phases
    ]
    shares: dict[str, list[float]] = {}
    for node in whole.walk():
        for predicted in (own, entire):
            parts = [each.get(node.path, 0.0) for each in predicted]
            if sum(parts) > 0:
                shares[node.path] = [part / sum(parts) for part in parts]
                break
        else:  # nothing to go by
            has = [float(node.path in each) for each in own]
            shares[node.path] = [each / max(1.0, sum(has)) for each in has]
    targets = {node.path: node for node in whole.walk()}
    return [
        phase.mapped(lambda node, index=index: _leveled(node, targets, shares, index))
        for index, phase in enumerate(phases)
    ]


def _leveled(
    node: Node, targets: Mapping[str, Node], shares: Mapping[str, Sequence[float]], phase: int
) -> Node:
    target = targets.get(node.path)
    if node.energy is None or target is None or target.energy is None:
        return node
    own = (target.own_joules or 0.0) * shares[node.path][phase]
    joules = math.fsum([own, *(energy.joules for energy in energies_of(node.children))])
    level = target.energy
    low = joules * (level.low / level.joules if level.joules else 1.0)
    high = joules * (level.high / level.joules if level.joules else 1.0)
    return replace(node, energy=Energy(joules, min(low, joules), max(high, joules), level.source))
