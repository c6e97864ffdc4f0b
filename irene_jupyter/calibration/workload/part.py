"""What can be measured: a model, one of its modules, or one operation, at a size of its input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from irene_jupyter.calibration.errors import CalibrationError
from irene_jupyter.tree import ModelTree, Node

FLOAT32 = "float32"
FUSED = "scaled_dot_product_attention"  # one kernel for the three leaves of an attention core


@dataclass(frozen=True, slots=True)
class Part:
    """A node to be run on its own: `path` is "" for the whole model, else a module or leaf.

    `architecture` is a name of `architectures.ARCHITECTURES`. The leaves of a fused attention
    run as one: `path` is then that of the first. With `cached` tokens it is a step of generation
    (`seq_len` is 1) that finds so many in the cache: of the whole model alone. `dtype` is that of
    its weights, as torch calls it.
    """

    architecture: str
    batch_size: int
    seq_len: int
    path: str = ""
    cached: int = 0
    dtype: str = FLOAT32

    @property
    def key(self) -> str:
        """One name for one part: "bert 8×128 encoder.layer.0"."""
        size = f"{self.batch_size}×{self.seq_len}" + (
            f" after {self.cached}" if self.cached else ""
        )
        dtype = "" if self.dtype == FLOAT32 else f" {self.dtype}"
        return f"{self.architecture} {size}{dtype} {self.path or 'model'}"


def covered(tree: ModelTree, path: str) -> tuple[Node, ...]:
    """The nodes that run when the part at `path` does. Raises `CalibrationError` for no such."""
    try:
        node = tree.root.find(path)
    except KeyError as error:
        raise CalibrationError(f"{tree.name}: {error.args[0]}; correct the suite") from None
    if node.features.operation != FUSED:
        return (node,)
    parent = tree.root.find(path.rpartition(".")[0])
    return tuple(c for c in parent.children if c.features.operation == FUSED)


def distinct(tree: ModelTree) -> Iterator[str]:
    """Paths of the nodes that differ from all before them: the layers of a model are alike.

    Leaves without a regressor are not among them: they are part of their module's own work.
    """
    from irene_jupyter.predictors.forms.matrices import kind_of

    seen: set[Any] = set()
    for node in tree.root.walk():
        if not node.children and kind_of(node) is None:
            continue
        key = identity(node)
        if key in seen:
            continue
        seen.add(key)
        group = covered(tree, node.path)
        if group[0] is node:
            yield node.path


def identity(node: Node) -> Any:
    """Equal for nodes that do the same work."""
    known = node.features
    return (
        node.class_name,
        known.canonical_megaflops / known.calls,
        known.canonical_mebibytes / known.calls,
        known.input_shapes,
        known.output_shapes,
        tuple(identity(child) for child in node.children),
    )
