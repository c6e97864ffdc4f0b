"""How long an IrEne fold trains, against a node-by-node recursion on the same trees.

Usage: python tests/benchmarks/irene_training.py DATA

Both compute the same loss, its gradient and a step of Adam: the recursion visits each node of
each tree by itself, as the equations are written; the package takes all trees of the fold level
by level, each distinct subtree once.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from irene_jupyter.predictors.baselines.arrays import TreeArrays, arrays_of
from irene_jupyter.predictors.baselines.irene import DEGREE, LEARNING_RATE, TAU, IrEne
from irene_jupyter.predictors.fit.dataset import load_trees
from irene_jupyter.predictors.held_out.protocols import splits
from irene_jupyter.tree import ModelTree, Node

RECURSIVE_STEPS = 3
BATCHED_STEPS = 200


def best_seconds(action: Callable[[], object], repeats: int) -> float:
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        found.append(time.perf_counter() - began)
    return min(found)


class Recursion:
    """Equations 3 and 4 as they are written, with torch's autograd."""

    def __init__(self, model: IrEne, arrays: TreeArrays, trees: list[ModelTree]) -> None:
        self.inputs = torch.from_numpy(model._inputs(arrays)).float()
        self.leaves = torch.from_numpy(model.leaves_.joules(arrays)[0]).float()
        self.joules = torch.from_numpy(arrays.joules).float()
        self.trees = list(zip(trees, arrays.places, strict=True))
        self.weight = torch.from_numpy(model.coef_).float().requires_grad_()
        self.bias = torch.tensor([model.intercept_]).requires_grad_()
        self.optimizer = torch.optim.Adam([self.weight, self.bias], lr=LEARNING_RATE)

    def step(self) -> float:
        self.optimizer.zero_grad()
        losses = []
        for tree, places in self.trees:
            order = iter(places)
            self.visit(tree.root, order, losses)
        loss = torch.stack(losses).sum() / len(self.trees)
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def visit(self, node: Node, order: object, losses: list[Tensor]) -> tuple[int, Tensor]:
        index = next(order)
        if not node.children:
            return index, self.leaves[index]
        parts = []
        for child in node.children:
            place, joules = self.visit(child, order, losses)
            alpha = 1 + torch.tanh(self.inputs[place] @ self.weight + self.bias[0]) / TAU
            parts.append(alpha * joules)
        predicted = torch.stack(parts).sum()
        losses.append(((predicted - self.joules[index]) / self.joules[index]) ** 2)
        return index, predicted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="measured trees, .jsonl[.gz]")
    trees = load_trees(parser.parse_args().data)
    split = splits("model", trees)[0]
    train = list(split.train)
    nodes = sum(1 for tree in train for _ in tree.root.walk())
    start = IrEne(steps=0).fit(train)
    arrays = arrays_of(train, start.columns)
    print(
        f"without {split.held_out}: {len(train)} trees, {nodes} nodes, {len(arrays.rows)} distinct "
        f"subtrees, {len(start.coef_)} terms of degree {DEGREE}, {torch.get_num_threads()} threads"
    )

    whole = best_seconds(lambda: IrEne().fit(train), 3)
    print(f"a whole fit, {IrEne().steps} steps        {whole:8.3f} s")
    none = best_seconds(lambda: IrEne(steps=0).fit(train), 3)
    batched = best_seconds(lambda: IrEne(steps=BATCHED_STEPS).fit(train), 3)
    batched = (batched - none) / BATCHED_STEPS
    print(f"one batched step            {1e3 * batched:8.3f} ms")
    recursion = Recursion(start, arrays, train)
    losses: list[float] = []
    recursive = best_seconds(lambda: losses.append(recursion.step()), RECURSIVE_STEPS)
    print(f"one recursive step          {1e3 * recursive:8.3f} ms")
    print(f"the batched step is         {recursive / batched:8.0f} times faster")
    same = IrEne(steps=RECURSIVE_STEPS).fit(train).losses_
    shown = ", ".join(f"{a:.6f} {b:.6f}" for a, b in zip(same, losses, strict=True))
    print(f"losses, batched and recursive: {shown}")


if __name__ == "__main__":
    main()
