"""Training of IrEne's weights α with torch, all trees of a training set in one batch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from irene_jupyter.predictors.baselines.arrays import Floats, TreeArrays


@dataclass(frozen=True, slots=True)
class _Edges:
    """The edges of one level, as tensors."""

    parent: Tensor
    child: Tensor
    count: Tensor


def train_weights(
    arrays: TreeArrays,
    inputs: Floats,
    leaf_joules: Floats | None,
    *,
    tau: float,
    learning_rate: float,
    steps: int,
    seed: int,
) -> tuple[Floats, float, list[float]]:
    """w, b of α = 1 + tanh(w·inputs + b)/τ, and the mean loss of a tree before each step.

    The loss is Σ (P − G)²/G² over the inner nodes of all trees, which is the sum over the
    distinct ones times their copies (paper, equations 3 to 5). P of a leaf is in `leaf_joules`;
    with None the children's measured energy is weighted instead of their P (stepwise).
    """
    edges = [
        _Edges(
            torch.from_numpy(level.parent),
            torch.from_numpy(level.child),
            torch.from_numpy(level.count).float(),
        )
        for level in arrays.levels
    ]
    rows = torch.from_numpy(inputs).float()
    measured = torch.from_numpy(arrays.joules).float()
    inner = torch.from_numpy(arrays.inner)
    target = measured[inner]
    copies = torch.from_numpy(arrays.copies).float()[inner]
    leaves = None if leaf_joules is None else torch.from_numpy(leaf_joules).float()

    # The seed alone decides the start, and the caller's random state stays as it is.
    start = torch.Generator().manual_seed(seed)
    bound = 1 / math.sqrt(rows.shape[1])  # as torch.nn.Linear starts
    weight = torch.empty(rows.shape[1]).uniform_(-bound, bound, generator=start)
    bias = torch.zeros(1)
    weight.requires_grad_()
    bias.requires_grad_()
    optimizer = torch.optim.Adam([weight, bias], lr=learning_rate)
    losses = torch.empty(steps)
    for step in range(steps):
        optimizer.zero_grad()
        alpha = 1 + torch.tanh(rows @ weight + bias) / tau
        if leaves is None:
            predicted = _sums(edges, alpha, torch.zeros_like(measured), measured)
        else:
            predicted = _sums(edges, alpha, leaves, None)
        loss = (copies * ((predicted[inner] - target) / target) ** 2).sum() / len(arrays.places)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses[step] = loss.detach()
    return weight.detach().numpy().astype(np.float64), float(bias.detach()), losses.tolist()


def _sums(edges: list[_Edges], alpha: Tensor, predicted: Tensor, given: Tensor | None) -> Tensor:
    """P of every node, level by level; from `given` energies of the children if there are any."""
    for edge in edges:
        below = predicted if given is None else given
        part = edge.count * alpha[edge.child] * below[edge.child]
        predicted = predicted.index_add(0, edge.parent, part)
    return predicted
