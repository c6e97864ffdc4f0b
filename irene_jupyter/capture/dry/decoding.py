"""The runs of a generation: the prefill, and the decoding steps in a few parts."""

from __future__ import annotations

from collections.abc import Callable

from irene_jupyter.tree import ModelTree, Node, Run

# Parts of a long generation, each predicted at its mean cache length. A step's energy is nearly
# linear in it, so more of them change nothing that could be seen.
MAX_PARTS = 4
MIN_PART_TOKENS = 16


def generation_runs(
    prefill: ModelTree,
    tokens: int,
    start: int | None,
    steps: int,
    step_after: Callable[[float], Node],
    notes: tuple[str, ...] = (),
) -> tuple[Run, ...]:
    """The prefill of `tokens` tokens, then `steps` decoding steps in parts of growing cache.

    `start` is the cache's length at the first step, None where it does not grow: then all steps
    are alike. `step_after(n)` is the tree of the step that n others precede, which need not be a
    whole number.
    """
    name, batch = prefill.name, prefill.batch_size
    runs = [Run(model=name, tree=prefill, phase="prefill", tokens=tokens, items=batch, notes=notes)]
    parts = 0
    if steps > 0:
        parts = 1 if start is None else min(MAX_PARTS, max(1, steps // MIN_PART_TOKENS))
    for part in range(parts):
        begin, end = steps * part // parts, steps * (part + 1) // parts
        middle = (begin + end - 1) / 2
        runs.append(
            Run(
                model=name,
                tree=ModelTree(name, step_after(middle), batch, 1),
                calls=end - begin,
                phase="decode",
                tokens=batch * (end - begin),
                cache_length=None if start is None else start + round(middle),
            )
        )
    return tuple(runs)
