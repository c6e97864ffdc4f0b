"""What a node asks of a board and its host, as plain sums over its subtree.

A fused attention (matmul, softmax, matmul at one path) is one kernel: it is one unit here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from irene_jupyter.predictors.forms.dtypes import (
    ALIGNMENT,
    HALF,
    UNALIGNED,
    UNITS,
    VECTOR,
    item_bytes,
    packing_of,
    unit_of,
)
from irene_jupyter.predictors.forms.host_operations import (
    PRODUCT_FLOPS,
    PRODUCTS,
    elements,
    host_operations,
    is_fused,
)
from irene_jupyter.tree import Node


@dataclass(frozen=True, slots=True)
class BoardWork:
    """Of all calls of a node.

    `flops` are those of products, by the unit that does them; `pointwise_flops` all others.
    `streamed_bytes` is what one call cannot find in the cache that the call before left, times
    the calls; it belongs to a node as it was measured, and is no sum of its children's.
    """

    flops: Mapping[str, float]
    pointwise_flops: float
    bytes: float
    streamed_bytes: float
    host_operations: float

    @classmethod
    def total(cls, parts: Sequence[BoardWork], streamed_bytes: float) -> BoardWork:
        """The sum of the parts."""
        return cls(
            {unit: math.fsum(part.flops[unit] for part in parts) for unit in UNITS},
            math.fsum(part.pointwise_flops for part in parts),
            math.fsum(part.bytes for part in parts),
            streamed_bytes,
            math.fsum(part.host_operations for part in parts),
        )


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """A node, or the leaves of one fused kernel: its own work, and that of all below it.

    `children` are the places of the units below in the list that `work_units` made.
    """

    nodes: tuple[Node, ...]
    own: BoardWork
    work: BoardWork
    children: tuple[int, ...] = ()


def work_units(root: Node, cache_bytes: float, *, alike: bool = False) -> list[WorkUnit]:
    """The units of a tree, children before parents, the root last.

    `cache_bytes` is the board's last cache: a node that works on less finds it there when it is
    repeated. With `alike`, nodes that do the same work are one unit: its place stands among the
    children of others as often as it is there. Times of nodes are no part of their work.
    """
    found: list[WorkUnit] = []
    _visit(root, cache_bytes, found, {} if alike else None)
    return found


_Alike = dict[tuple[object, ...], int] | None


def _visit(node: Node, cache_bytes: float, found: list[WorkUnit], alike: _Alike) -> int:
    places = [
        _visit(each, cache_bytes, found, alike) for each in node.children if not is_fused(each)
    ]
    fused = tuple([each for each in node.children if is_fused(each)])
    if fused:
        key: tuple[object, ...] = ("fused", *map(_key, fused))
        if alike is None or key not in alike:
            parts = [_own(each) for each in fused]
            moved = sum(part.bytes for part in parts)
            work = BoardWork.total(parts, _missed(moved, cache_bytes, fused[0].features.calls))
            _add(WorkUnit(fused, work, work), key, found, alike)
        places.append(len(found) - 1 if alike is None else alike[key])
    key = _key(node) + tuple(places)
    if alike is None or key not in alike:
        own = _own(node)
        below = [found[place].work for place in places]
        work = BoardWork.total([own, *below], _streamed(node, cache_bytes))
        _add(WorkUnit((node,), own, work, tuple(places)), key, found, alike)
    return len(found) - 1 if alike is None else alike[key]


def _add(unit: WorkUnit, key: tuple[object, ...], found: list[WorkUnit], alike: _Alike) -> None:
    found.append(unit)
    if alike is not None:
        alike[key] = len(found) - 1


def _key(node: Node) -> tuple[object, ...]:
    """What a node's own work depends on; flags tell what of it is not known."""
    its = node.features
    return (
        node.type,
        node.primitive,
        node.flags,
        its.num_parameters,
        its.flops,
        its.bytes,
        its.calls,
        its.input_shapes,
        its.output_shapes,
        its.dtype,
        its.operation,
    )


def _streamed(node: Node, cache_bytes: float) -> float:
    """What a repeated call reads from memory again, as it finds less in the cache than it left.

    Its data are parameters, arguments, results, and what attention kept of earlier steps.
    """
    its = node.features
    shapes = (*its.input_shapes, *its.output_shapes)
    held = its.num_parameters + sum(math.prod(shape) for shape in shapes)
    kept = math.fsum(_kept_bytes(each) for each in node.walk())
    touched = min(its.bytes, held * item_bytes(its.dtype) * its.calls + kept)
    return _missed(touched, cache_bytes, its.calls)


def _missed(touched: float, cache_bytes: float, calls: int) -> float:
    """Up to the cache's size all that each call touches is found; of twice as much, nothing."""
    over = touched / calls - cache_bytes
    return touched * min(1.0, max(0.0, over) / cache_bytes)


def _kept_bytes(node: Node) -> float:
    """That a fused attention in `node` reads of earlier steps: it has more keys than queries."""
    fused = [each for each in node.children if is_fused(each)]
    scores = [each.features.input_shapes[0] for each in fused if each.primitive == "Softmax"]
    if not any(len(shape) > 1 and shape[-2] < shape[-1] for shape in scores):
        return 0.0
    return math.fsum(each.features.bytes for each in fused)


def _own(node: Node) -> BoardWork:
    its, children = node.features, node.children
    flops = max(0.0, its.flops - math.fsum(child.features.flops for child in children))
    moved = max(0.0, its.bytes - math.fsum(child.features.bytes for child in children))
    operations = host_operations(node, children, flops) * its.calls
    of_products = dict.fromkeys(UNITS, 0.0)
    pointwise = flops
    is_leaf = node.primitive is not None and not children
    hides_products = flops > PRODUCT_FLOPS * elements(node) * its.calls
    if node.primitive in PRODUCTS if is_leaf else hides_products:
        of_products[_unit(node)], pointwise = flops, 0.0
        unpacked, more = _unpacking(node)
        of_products[VECTOR] += unpacked
        moved += more
    elif is_fused(node):  # its softmax: the exponentials hide behind the products
        pointwise = 0.0
    return BoardWork(of_products, pointwise, moved, 0.0, operations)


def _unit(node: Node) -> str:
    """Which unit of the board does a product."""
    primitive, its = node.primitive or "", node.features
    unit = unit_of(its.dtype)
    if primitive.startswith("Conv") and primitive != "Conv1D":
        return VECTOR
    if primitive in ("Linear", "Conv1D") and unit == HALF:
        shapes = (*its.input_shapes[:1], *its.output_shapes[:1])
        if any(shape and shape[-1] % ALIGNMENT for shape in shapes):
            return UNALIGNED
    return unit


def _unpacking(node: Node) -> tuple[float, float]:
    """(operations off the tensor cores, bytes) that packed weights need beyond the product."""
    its = node.features
    packing = packing_of(its.dtype)
    if packing is None:
        return 0.0, 0.0
    taken, given = (
        math.prod(shapes[0]) if shapes else 0 for shapes in (its.input_shapes, its.output_shapes)
    )
    rows = taken // its.input_shapes[0][-1] if taken else 0
    moved = packing.input_bytes * taken + packing.output_bytes * given
    if rows > 1:
        moved += packing.moved_bytes * its.num_parameters
    return packing.vector_flops * its.num_parameters * its.calls, moved * its.calls
