"""What a node asks of a board: by which unit, from which memory, and how often of the host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irene_jupyter.errors import OptionError
from irene_jupyter.predictors.fit.board_fit import START
from irene_jupyter.predictors.forms.board_work import work_units
from irene_jupyter.predictors.forms.dtypes import (
    FP8,
    HALF,
    NVFP4,
    TF32,
    UNALIGNED,
    VECTOR,
    item_bytes,
)
from irene_jupyter.predictors.forms.packing import packed
from irene_jupyter.predictors.predict.board_estimates import Counted, estimate_board
from irene_jupyter.predictors.profiles.loading import load_board
from irene_jupyter.tree import Features, Node, Shape

CACHE = 50e6


def leaf(
    primitive: str,
    path: str = "leaf",
    *,
    flops: float = 1e9,
    moved: float = 1e6,
    dtype: str = "bfloat16",
    inputs: tuple[Shape, ...] = ((1024, 768),),
    outputs: tuple[Shape, ...] = ((1024, 768),),
    operation: str | None = None,
    parameters: int = 0,
) -> Node:
    features = Features(
        num_parameters=parameters,
        flops=flops,
        bytes=moved,
        input_shapes=inputs,
        output_shapes=outputs,
        dtype=dtype,
        operation=operation,
        latency_seconds=3e-5,
    )
    return Node(path, "ml", primitive, features, primitive=primitive)


def parent(*children: Node, **changes: float) -> Node:
    features = Features(
        flops=sum(child.features.flops for child in children),
        bytes=sum(child.features.bytes for child in children),
        input_shapes=((1, 1024, 768),),
        output_shapes=((1, 1024, 768),),
        dtype=children[0].features.dtype,
    )
    return Node("", "model", "Model", replace(features, **changes), children)


def attention(queries: int, keys: int, moved: float = 1e6) -> tuple[Node, ...]:
    q, k, scores = (8, 16, queries, 64), (8, 16, 64, keys), (8, 16, queries, keys)
    operation = "scaled_dot_product_attention"
    return (
        leaf("MatMul", "matmul_0", inputs=(q, k), outputs=(scores,), operation=operation),
        leaf("Softmax", "softmax", inputs=(scores,), moved=0.0, operation=operation),
        leaf("MatMul", "matmul_1", inputs=(scores, k), moved=moved, operation=operation),
    )


@pytest.mark.parametrize(
    ("node", "unit"),
    [
        (leaf("Linear"), HALF),
        (leaf("MatMul", dtype="float16"), HALF),
        (leaf("Linear", outputs=((1024, 50257),)), UNALIGNED),
        (leaf("Linear", dtype="float32"), VECTOR),
        (leaf("Conv2d"), VECTOR),
        (leaf("Conv1D"), HALF),  # transformers' product, no convolution
    ],
)
def test_a_product_is_done_by_one_unit(node: Node, unit: str) -> None:
    (found,) = work_units(node, CACHE)
    assert {name: flops for name, flops in found.work.flops.items() if flops} == {unit: 1e9}
    assert found.work.pointwise_flops == 0


def test_pointwise_operations_are_no_products() -> None:
    (found,) = work_units(leaf("GELU"), CACHE)
    assert not any(found.work.flops.values())
    assert found.work.pointwise_flops == 1e9


def test_a_module_whose_products_were_not_seen_has_them_all_the_same() -> None:
    root = parent(leaf("SiLU"), flops=1e12)
    assert work_units(root, CACHE)[-1].work.flops[HALF] == 1e12 - 1e9


def test_a_fused_attention_is_one_unit() -> None:
    units = work_units(parent(*attention(128, 128)), CACHE)
    assert [len(unit.nodes) for unit in units] == [3, 1]
    assert units[0].work.flops[HALF] == 2e9
    assert units[0].work.pointwise_flops == 0  # its softmax hides behind the products
    assert units[0].work.host_operations == pytest.approx(1.2)


@pytest.mark.parametrize(("moved", "streamed"), [(40e6, 0.0), (75e6, 37.5e6), (200e6, 200e6)])
def test_what_the_cache_holds_is_not_read_again(moved: float, streamed: float) -> None:
    node = leaf("Linear", moved=moved, parameters=int(moved))
    (found,) = work_units(node, CACHE)
    assert found.work.streamed_bytes == pytest.approx(streamed)


def test_keys_of_earlier_steps_are_read_again() -> None:
    step, prompt = (
        work_units(parent(*attention(queries, 1024, 150e6)), CACHE)[-1] for queries in (1, 1024)
    )
    assert step.work.streamed_bytes > 0
    assert prompt.work.streamed_bytes == 0


def test_calls_add_up() -> None:
    once = leaf("Linear", moved=75e6, parameters=75_000_000)
    thrice = replace(once, features=once.features.scaled(3))
    (one,), (three,) = (work_units(node, CACHE) for node in (once, thrice))
    for name in ("bytes", "streamed_bytes", "host_operations"):
        assert getattr(three.work, name) == pytest.approx(3 * getattr(one.work, name))


def test_rotary_attention_keeps_the_host_longer() -> None:
    plain = parent(*attention(128, 128))
    shapes = ((8, 128, 768), (1, 128, 64), (1, 128, 64))
    rotary = replace(plain, features=replace(plain.features, input_shapes=shapes))
    operations = [work_units(node, CACHE)[-1].work.host_operations for node in (plain, rotary)]
    assert operations[1] > operations[0] + 10


@pytest.mark.parametrize(
    ("dtype", "size"), [("float32", 4), ("bfloat16", 2), ("float8_e4m3fn", 1), ("int64", 4)]
)
def test_the_size_of_an_element(dtype: str, size: int) -> None:
    assert item_bytes(dtype) == size


def test_power_ends_at_the_limit() -> None:
    (unit,) = work_units(leaf("Linear", flops=1e15), CACHE)
    assert START.joules(unit.work, 1.0) == START.idle_watts + START.busy_watts


def test_nothing_known_takes_the_longer_of_host_and_board() -> None:
    root = parent(leaf("Linear", "a", flops=1e6), leaf("Linear", "b", flops=1e13))
    units = work_units(root, CACHE)
    (small, _), (large, _), (whole, _) = estimate_board(units, START, "nothing")
    assert small == pytest.approx(1.2 * START.host_seconds_per_operation)
    assert large == pytest.approx(1e13 / START.flops_per_second[HALF], rel=0.01)
    assert whole >= large


def test_a_counted_run_is_kept() -> None:
    units = work_units(parent(leaf("Linear", "a"), leaf("GELU", "b")), CACHE)
    found = estimate_board(units, START, "total", Counted(1e-3, 0.3))
    assert found[-1] == (pytest.approx(1e-3), pytest.approx(0.3))
    assert all(joules >= START.idle_watts * seconds for seconds, joules in found)


# --- dtypes ---------------------------------------------------------------------------------------


def weighted(dtype: str, rows: int = 1) -> Node:
    """A product of 4096 × 4096 weights."""
    width = 4096
    return leaf(
        "Linear",
        flops=2.0 * rows * width**2,
        moved=2.0 * (2 * rows * width + width**2),
        inputs=((rows, width),),
        outputs=((rows, width),),
        parameters=width**2,
        dtype=dtype,
    )


@pytest.mark.parametrize(
    ("dtype", "unit"),
    [
        ("tf32", TF32),
        ("float8_e4m3fn", FP8),
        ("fp8", FP8),
        ("nvfp4", NVFP4),
        ("int8", FP8),
        ("float64", VECTOR),
    ],
)
def test_each_dtype_has_its_unit(dtype: str, unit: str) -> None:
    (found,) = work_units(leaf("Linear", dtype=dtype), CACHE)
    assert found.work.flops[unit] == 1e9


def test_a_missing_constant_is_a_substitutes_and_is_told() -> None:
    (found,) = work_units(weighted("fp8"), CACHE)
    assert START.unknown_units(found.own) == (FP8,)
    assert START.flop_joules(FP8) == START.joules_per_flop[HALF] / 2
    assert START.flop_rate(FP8) == 2 * START.flops_per_second[HALF]
    known = replace(START, joules_per_flop={**START.joules_per_flop, FP8: 3e-13})
    assert known.unknown_units(found.own) == ()
    assert known.flop_joules(FP8) == 3e-13


def test_packed_weights_are_fewer_bytes_all_the_way_up() -> None:
    linear = weighted("bfloat16")
    head = replace(weighted("bfloat16"), path="lm_head")
    root = parent(linear, head)
    found = packed(root, "nvfp4")
    assert [child.features.dtype for child in found.children] == ["nvfp4", "bfloat16"]
    less = 4096**2 * (2 - 0.5625)
    assert found.children[0].features.bytes == linear.features.bytes - less
    assert found.features.bytes == root.features.bytes - less
    with pytest.raises(OptionError, match="int3"):
        packed(root, "int3")
    with pytest.raises(OptionError, match="half precision"):
        packed(parent(weighted("float32")), "nf4")


def decoder(layers: int, width: int) -> Node:
    """One step of a decoder's products: attention's four and three of a gated MLP."""
    rows = 1

    def linear(path: str, k: int, n: int) -> Node:
        return leaf(
            "Linear",
            path,
            flops=2.0 * rows * k * n,
            moved=2.0 * (rows * (k + n) + k * n),
            inputs=((rows, k),),
            outputs=((rows, n),),
            parameters=k * n,
        )

    wide = 11 * width // 4 // 8 * 8
    shapes = [(width, width)] * 4 + [(width, wide)] * 2 + [(wide, width)]
    made = [
        linear(f"layers.{layer}.{at}", *shape)
        for layer in range(layers)
        for at, shape in enumerate(shapes)
    ]
    whole = parent(*made)
    held = sum(each.features.num_parameters for each in made)
    return replace(whole, features=replace(whole.features, num_parameters=held))


@pytest.mark.parametrize(
    ("dtype", "layers", "width", "dearer"),
    [
        ("int8", 24, 2048, True),  # LLM.int8 costs more than float16 at all sizes
        ("int8", 32, 4096, True),
        ("nf4", 24, 2048, True),  # 1.2 billion parameters
        ("nf4", 32, 4096, False),  # 6.5 billion
    ],
)
def test_unpacking_costs_what_published_findings_say(
    dtype: str, layers: int, width: int, dearer: bool
) -> None:
    board = load_board("h100")
    assert board is not None
    plain = decoder(layers, width)
    joules = [
        estimate_board(work_units(root, board.constants.cache_bytes), board.constants, "nothing")[
            -1
        ][1]
        for root in (packed(plain, dtype), plain)
    ]
    assert (joules[0] > joules[1]) is dearer


def test_layers_that_do_the_same_work_are_one_unit() -> None:
    def layer(path: str, moved: float = 2e6) -> Node:
        return replace(
            parent(leaf("Linear", f"{path}.up"), *attention(16, 16), leaf("SiLU", f"{path}.act")),
            path=path,
            features=replace(parent(leaf("Linear")).features, bytes=moved + 6e6),
        )

    model = parent(layer("0"), layer("1"), layer("2", 5e6))
    every, distinct = work_units(model, CACHE), work_units(model, CACHE, alike=True)
    assert len(every) == 3 * 4 + 1
    assert len(distinct) == 3 + 2 + 1  # of leaves and kernels, of layers, the model
    assert distinct[-1].children[0] == distinct[-1].children[1] != distinct[-1].children[2]
    assert distinct[-1].work == every[-1].work
