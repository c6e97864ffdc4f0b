"""Products, solutions, distances and transforms by all their names, against torch or arithmetic."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from product_flops import mapping
from recording import flags_of, recorded
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

aten = torch.ops.aten
x, w = torch.randn(4, 8), torch.randn(8, 8)
v, b = torch.randn(8), torch.randn(3, 8, 8)
s = torch.randn(6, 6) + 6 * torch.eye(6)
spd = s @ s.T
image, kernel = torch.randn(2, 3, 9, 9), torch.randn(4, 3, 3, 3)
heads = torch.randn(2, 4, 16, 8)

# By name: torch's counter (and what it is taught in flops.py) sees the same operations.
PRODUCTS = {
    "matmul": lambda: x @ w,
    "mm": lambda: torch.mm(x, w),
    "linalg.matmul": lambda: torch.linalg.matmul(b, w),
    "tensordot": lambda: torch.tensordot(b, w, ([2], [0])),
    "tensordot, two axes": lambda: torch.tensordot(b, b, ([1, 2], [1, 2])),
    "inner": lambda: torch.inner(x, w),
    "multi_dot": lambda: torch.linalg.multi_dot([x, w, w, v]),
    "chain_matmul": lambda: torch.chain_matmul(x, w, w),
    "matrix_power": lambda: torch.linalg.matrix_power(w, 5),
    "mv": lambda: w.mv(v),
    "dot": lambda: v.dot(v),
    "vdot": lambda: torch.vdot(v, v),
    "addmv": lambda: torch.addmv(v, w, v),
    "addmm": lambda: torch.addmm(x, x, w),
    "bmm": lambda: torch.bmm(b, b),
    "linear": lambda: F.linear(x, w),
    "conv1d": lambda: F.conv1d(torch.randn(2, 3, 9), torch.randn(4, 3, 3)),
    "conv2d, groups": lambda: F.conv2d(image, torch.randn(6, 1, 3, 3), groups=3),
    "conv3d": lambda: F.conv3d(torch.randn(1, 2, 5, 5, 5), torch.randn(3, 2, 2, 2, 2)),
    "conv_transpose1d": lambda: F.conv_transpose1d(torch.randn(2, 3, 9), torch.randn(3, 4, 3)),
    "conv_transpose2d": lambda: F.conv_transpose2d(image, torch.randn(3, 5, 2, 2), stride=2),
    "conv_transpose3d": lambda: F.conv_transpose3d(
        torch.randn(1, 2, 5, 5, 5), torch.randn(2, 3, 2, 2, 2)
    ),
    "lstm_cell": lambda: torch.nn.LSTMCell(8, 5)(x),
    "gru_cell": lambda: torch.nn.GRUCell(8, 5)(x),
    "rnn_cell": lambda: torch.nn.RNNCell(8, 5)(x),
    "attention": lambda: F.scaled_dot_product_attention(heads, heads, heads),
    "causal attention": lambda: F.scaled_dot_product_attention(heads, heads, heads, is_causal=True),
    "aten.mm": lambda: aten.mm.default(x, w),
    "aten.mm, any overload": lambda: aten.mm(x, w),
    "aten.linear": lambda: aten.linear.default(x, w),
    "aten.addmm": lambda: aten.addmm.default(x, x, w),
    "aten.bmm": lambda: aten.bmm.default(b, b),
    "aten.matmul": lambda: aten.matmul.default(b, w),
    "aten.convolution": lambda: aten.convolution.default(
        image, kernel, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1
    ),
    "aten.convolution, transposed": lambda: aten.convolution.default(
        image, torch.randn(3, 5, 2, 2), None, [2, 2], [0, 0], [1, 1], True, [0, 0], 1
    ),
    "aten attention": lambda: aten.scaled_dot_product_attention.default(heads, heads, heads),
    "aten flash attention": lambda: aten._scaled_dot_product_flash_attention_for_cpu.default(
        heads, heads, heads
    ),
    "aten.tensordot": lambda: aten.tensordot.default(x, w, [1], [0]),
    "_int_mm": lambda: torch._int_mm(torch.ones(32, 16).char(), torch.ones(16, 8).char()),
    "svd_lowrank": lambda: torch.svd_lowrank(s, 2),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_by_any_name_are_as_many_as_torch_counts(name: str):
    torch.manual_seed(0)
    with FlopCounterMode(display=False, custom_mapping=mapping()) as counter:
        PRODUCTS[name]()
    torch.manual_seed(0)
    node, products = recorded(PRODUCTS[name])
    assert products == counter.get_total_flops() > 0
    assert node.features.flops >= products
    assert flags_of(node) == []


EINSUMS = {
    "matrix": ("ij,jk->ik", (4, 8), (8, 5)),
    "attention": ("bqhd,bkhd->bhqk", (2, 5, 4, 8), (2, 6, 4, 8)),
    "ellipsis": ("...qhd,...khd->...hqk", (4, 16, 8, 32), (4, 16, 8, 32)),
    "ellipsis of two": ("...ij,...jk->...ik", (2, 3, 4, 5), (2, 3, 5, 6)),
    "two batch axes": ("abij,abjk->abik", (2, 3, 4, 5), (2, 3, 5, 6)),
    "broadcast": ("bij,jk->bik", (2, 4, 5), (5, 6)),
    "all summed": ("ij,ij->", (4, 5), (4, 5)),
    "no arrow": ("ij,jk", (4, 8), (8, 5)),
    "spaces": (" i j , j k -> i k ", (4, 8), (8, 5)),
    "three": ("ij,jk,kl->il", (4, 8), (8, 5), (5, 3)),
    "a gate": ("be,bed,edf->bf", (2, 3), (2, 3, 4), (3, 4, 5)),
}


@pytest.mark.parametrize("name", EINSUMS)
def test_einsum_is_as_torch_contracts_it(name: str):
    equation, *shapes = EINSUMS[name]
    operands = [torch.randn(shape) for shape in shapes]
    with FlopCounterMode(display=False) as counter:
        torch.einsum(equation, *operands)
    _, products = recorded(lambda: torch.einsum(equation, *operands))
    assert products == counter.get_total_flops() > 0


def test_einsum_by_sublists_and_of_a_list():
    assert recorded(lambda: torch.einsum(x, [0, 1], w, [1, 2], [0, 2]))[1] == 2 * 4 * 8 * 8
    assert recorded(lambda: torch.einsum("ij,jk->ik", [x, w]))[1] == 2 * 4 * 8 * 8


def test_einsum_without_a_product_costs_its_elements():
    node, products = recorded(lambda: torch.einsum("ii->i", s))
    assert products == 0
    assert node.features.flops == 0
    assert recorded(lambda: torch.einsum("ij->i", s))[0].features.flops == 36
    assert recorded(lambda: torch.einsum("i,j->ij", v, v))[0].features.flops == 64


def test_a_path_through_three_operands_is_not_the_product_of_all_axes():
    thin, wide = torch.randn(64, 1), torch.randn(1, 64)
    node, _ = recorded(lambda: torch.einsum("ij,jk,kl->il", thin, wide, thin))
    assert node.features.flops < 2 * 64 * 64 * 2


N3 = 6**3
# (call, operations) by the usual counts of Golub and Van Loan.
FORMULAS = {
    "solve": (lambda: torch.linalg.solve(s, s), 2 / 3 * N3 + 2 * N3),
    "solve a vector": (lambda: torch.linalg.solve(s, s[0]), 2 / 3 * N3 + 2 * 36),
    "inv": (lambda: torch.linalg.inv(s), 2 * N3),
    "inverse": (lambda: s.inverse(), 2 * N3),
    "det": (lambda: torch.linalg.det(s), 2 / 3 * N3),
    "slogdet": (lambda: torch.slogdet(s), 2 / 3 * N3),
    "cholesky": (lambda: torch.linalg.cholesky(spd), N3 / 3),
    "torch.cholesky": (lambda: torch.cholesky(spd), N3 / 3),
    "cholesky_solve": (lambda: torch.cholesky_solve(s, s), 2 * N3),
    "solve_triangular": (lambda: torch.linalg.solve_triangular(s, s, upper=True), N3),
    "lu_factor": (lambda: torch.linalg.lu_factor(s), 2 / 3 * N3),
    "lu": (lambda: torch.linalg.lu(s), 2 / 3 * N3),
    "qr": (lambda: torch.linalg.qr(s), 8 / 3 * N3),
    "svd": (lambda: torch.linalg.svd(s), 21 * N3),
    "svdvals": (lambda: torch.linalg.svdvals(s), 8 / 3 * N3),
    "eigh": (lambda: torch.linalg.eigh(spd), 9 * N3),
    "eigvalsh": (lambda: torch.linalg.eigvalsh(spd), 4 / 3 * N3),
    "eig": (lambda: torch.linalg.eig(s), 25 * N3),
    "eigvals": (lambda: torch.linalg.eigvals(s), 10 * N3),
    "lstsq": (lambda: torch.linalg.lstsq(s, s), 2 * N3 * 2 / 3 + 4 * N3),
    "pinv": (lambda: torch.linalg.pinv(s), 23 * N3),
    "matrix_exp": (lambda: torch.matrix_exp(s), 16 * N3),
    "batched det": (lambda: torch.linalg.det(s.expand(5, 6, 6)), 5 * 2 / 3 * N3),
    "cov": (lambda: torch.cov(s), 2 * N3),
    "outer": (lambda: torch.outer(v, v), 64),
    "kron": (lambda: torch.kron(s, s), 36 * 36),
    "addr": (lambda: torch.addr(w, v, v), 2 * 64),
    "vecdot": (lambda: torch.linalg.vecdot(x, x), 2 * 32),
    "cdist": (lambda: torch.cdist(x, w), 3 * 4 * 8 * 8),
    "pdist": (lambda: F.pdist(x), 3 * 6 * 8),
    "bilinear": (lambda: F.bilinear(x, x, b), 2 * 4 * 3 * 8 * 8),
    "addmm_": (lambda: x.clone().addmm_(x, w), 2 * 4 * 8 * 8),
    "baddbmm_": (lambda: b.clone().baddbmm_(b, b), 2 * 3 * 8**3),
    "addbmm": (lambda: torch.addbmm(w, b, b), 2 * 3 * 8**3 + 64),
    "conv_tbc": (
        lambda: torch.conv_tbc(torch.ones(6, 2, 4), torch.ones(3, 4, 5), torch.ones(5)),
        2 * 4 * 2 * 5 * 3 * 4,
    ),
    "fft": (lambda: torch.fft.fft(torch.ones(3, 64) * 1j), 3 * 5 * 64 * 6),
    "rfft": (lambda: torch.fft.rfft(torch.ones(3, 64)), 3 * 2.5 * 64 * 6),
    "irfft": (lambda: torch.fft.irfft(torch.ones(3, 33) * 1j), 3 * 2.5 * 64 * 6),
    "fft2": (lambda: torch.fft.fft2(torch.ones(3, 8, 8) * 1j), 3 * 5 * 64 * 6),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_what_is_no_product_costs_what_the_textbook_says(name: str):
    call, flops = FORMULAS[name]
    node, _ = recorded(call)
    # Beside the kernel there may be pointwise work: scaling, signs, the input's own elements.
    assert flops <= node.features.flops * (1 + 1e-9)
    assert node.features.flops <= flops * 1.1 + 400
    assert flags_of(node) == []


@pytest.mark.parametrize(
    ("call", "moved"),
    [
        (lambda: x.sort(), 32 * 4 * 2 + 32 * 8),
        (lambda: x.topk(2), 32 * 4 + 8 * 4 + 8 * 8),
        (lambda: x.cumsum(0), 2 * 32 * 4),
        (lambda: F.unfold(image, 3), image.numel() * 4 + 2 * 27 * 49 * 4),
        (lambda: w.clone().copy_(w), 4 * 64 * 4),
        (lambda: x.clone().index_add_(0, torch.arange(4), x), 2 * 32 * 4 + 3 * 32 * 4 + 4 * 8),
    ],
)
def test_what_moves_data_costs_its_bytes_at_least(call, moved: int):
    node, _ = recorded(call)
    assert node.features.bytes == moved
    assert flags_of(node) == []


def test_a_view_by_another_name_is_free():
    for call in (
        lambda: x.unfold(0, 2, 1),
        lambda: x.T,
        lambda: x.as_strided((2, 2), (1, 1)),
        lambda: aten.alias.default(x),
        lambda: torch.chunk(x, 2),
    ):
        assert recorded(call)[0].features.bytes == 0


def test_recurrent_cells_by_steps_are_as_many_as_the_layer():
    layer, tokens = nn.LSTM(8, 16, bias=False), torch.randn(5, 2, 8)
    cell = nn.LSTMCell(8, 16, bias=False)

    def steps():
        state = None
        for token in tokens:
            state = cell(token, state)
        return state

    one = recorded(cell, tokens[0])[0].features
    assert one.flops == 2 * 2 * (4 * 16) * (8 + 16)
    assert recorded(steps)[1] == 5 * one.flops == recorded(layer, tokens)[0].features.flops


def test_an_exported_program_has_the_leaves_and_the_work_of_the_model():
    model = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.LayerNorm(16), nn.Linear(16, 4))
    exported = torch.export.export(model, (x,))
    eager, _ = recorded(model, x)
    for module in (exported.module(), exported.run_decompositions().module()):
        node, products = recorded(module, x)
        assert products == 2 * 4 * (8 * 16 + 16 * 4)
        assert node.features.flops == pytest.approx(eager.features.flops, rel=0.1)
        kinds = [leaf.primitive for leaf in node.leaves()]
        assert [kind for kind in kinds if kind in ("Linear", "Conv1D")] in (
            ["Linear", "Linear"],
            ["Conv1D", "Conv1D"],
        )


def test_a_traced_graph_has_the_work_of_the_model():
    model = nn.Sequential(nn.Linear(8, 16), nn.Conv1d(4, 2, 3))
    traced = torch.fx.symbolic_trace(model)
    assert recorded(traced, x)[1] == recorded(model, x)[1] > 0


def test_counting_never_calls_a_function_on_the_users_data_or_touches_random_numbers():
    state = torch.get_rng_state()
    seen = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(str(func))
            return func(*args, **(kwargs or {}))

    def call():
        return torch.tensordot(x, w, 1), F.scaled_dot_product_attention(heads, heads, heads)

    with Watch():
        call()
    plain, seen[:] = list(seen), []
    with Watch():
        recorded(call)
    assert seen == plain
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    "call",
    [
        lambda: torch.randn(3, 3),
        lambda: torch.rand(3).normal_(),
        lambda: torch.rand_like(x),
        lambda: torch.normal(x, 1.0),
        lambda: x.abs().multinomial(2),
        lambda: F.gumbel_softmax(x),
        lambda: F.rrelu(x, training=True),
        lambda: F.dropout(x, 0.5),
        lambda: F.scaled_dot_product_attention(heads, heads, heads, dropout_p=0.5),
        lambda: torch.svd_lowrank(s, 2),
        lambda: torch.randperm(5),
    ],
)
def test_random_numbers_are_those_that_would_have_been_drawn(call):
    torch.manual_seed(3)
    plain, after = call(), torch.get_rng_state()
    outputs = []
    torch.manual_seed(3)
    node, _ = recorded(lambda: outputs.append(call()))
    assert torch.equal(after, torch.get_rng_state())
    assert str(outputs[0]) == str(plain)
    assert flags_of(node) == []


def test_functions_that_cannot_be_called_without_data_are_counted_by_elements():
    for call in (lambda: x.unique(), lambda: x.nonzero(), lambda: x[x > 0], lambda: F.one_hot(
        torch.arange(3)
    )):  # fmt: skip
        assert flags_of(recorded(call)[0]) == []


def test_pooling_and_norms_of_aten_are_counted_as_torchs():
    for function, operation in (
        (F.avg_pool2d, aten.avg_pool2d.default),
        (lambda t, k: F.layer_norm(t, (9,)), lambda t, k: aten.native_layer_norm(
            t, [9], None, None, 1e-5
        )),
    ):  # fmt: skip
        ours = recorded(lambda t, f=function: f(t, 3), image)[0].features.flops
        assert recorded(lambda t, f=operation: f(t, 3), image)[0].features.flops == ours > 0


def test_a_users_formula_counts_his_own_operation():
    from torch.utils.flop_counter import flop_registry, register_flop_formula

    @torch.library.custom_op("irene_tests::squared", mutates_args=())
    def squared(t: torch.Tensor) -> torch.Tensor:
        return t @ t

    assert any("irene_tests::squared" in flag for flag in flags_of(recorded(squared, w)[0]))

    packet = torch.ops.irene_tests.squared
    register_flop_formula(packet)(lambda shape, out_shape=None, **rest: 2 * math.prod(shape) * 8)
    try:
        node, products = recorded(squared, w)
    finally:
        flop_registry.pop(packet)
    assert products == 2 * 8**3
    assert flags_of(node) == []
