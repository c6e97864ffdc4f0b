"""Runs of a training step whose times and work are known: forward, backward, optimiser."""

from __future__ import annotations

from irene_jupyter.tree import Features, ModelTree, Node, Run

BY_BYTES = "estimated: by the bytes of its parameters"
STEPS, BATCH = 4, 8
# Seconds of all steps, in place.
FORWARD, BACKWARD, OPTIMISER = 0.1, 0.2, 0.04
WIDTH = 768


def linear(path: str, seconds: float, products: float = 1.0, flags: tuple[str, ...] = ()) -> Node:
    """A layer, or so many products of its size."""
    features = Features(
        num_parameters=WIDTH * WIDTH,
        flops=products * 2.0 * 1024 * WIDTH * WIDTH,
        bytes=products * 4.0 * (2 * 1024 * WIDTH + WIDTH * WIDTH),
        canonical_megaflops=products * 2e-6 * 1024 * WIDTH * WIDTH,
        canonical_mebibytes=products * 4.0 * (2 * 1024 * WIDTH + WIDTH * WIDTH) / 2**20,
        input_shapes=((8, 128, WIDTH),),
        output_shapes=((8, 128, WIDTH),),
        dtype="float32",
        device="cpu",
        latency_seconds=seconds,
    )
    return Node(path, "ml", "Linear", features, primitive="Linear", flags=flags)


def tree(*children: Node, own: float = 0.0) -> Node:
    every = [child.features for child in children]
    features = Features(
        num_parameters=sum(each.num_parameters for each in every),
        flops=sum(each.flops for each in every),
        bytes=sum(each.bytes for each in every),
        canonical_megaflops=sum(each.canonical_megaflops for each in every),
        canonical_mebibytes=sum(each.canonical_mebibytes for each in every),
        dtype="float32",
        device="cpu",
        latency_seconds=own + sum(each.latency_seconds or 0.0 for each in every),
    )
    return Node("", "model", "Net", features, children)


def run(
    root: Node, phase: str | None, seconds: float, name: str = "net", calls: int = STEPS
) -> Run:
    items = BATCH * calls if phase in ("forward", None) else 0
    return Run(
        model=name,
        tree=ModelTree(name, root, BATCH, 128),
        calls=calls,
        seconds=seconds,
        training=phase is not None,
        phase=phase,
        items=items,
    )


def training(name: str = "net", evaluates: bool = False) -> list[Run]:
    """Of two layers the first is frozen: no gradient of its weights, and nothing to update.

    In the order in which they may come.
    """
    forward = tree(linear("0", 0.012), linear("1", 0.012), own=0.001)
    loss = Node("loss", "ml", "loss", Features(bytes=64.0, dtype="float32", latency_seconds=0.002))
    backward = tree(
        linear("0", 0.016, flags=("frozen: no weight gradient",)), linear("1", 0.032, 2.0), loss
    )
    optimiser = tree(linear("1", 0.01, 0.01, (BY_BYTES,)))
    runs = [
        run(optimiser, "optimiser", OPTIMISER, name),
        run(forward, "forward", FORWARD, name),
        run(backward, "backward", BACKWARD, name),
    ]
    if evaluates:
        runs.insert(0, run(forward, None, 0.05, name, calls=2))
    return runs
