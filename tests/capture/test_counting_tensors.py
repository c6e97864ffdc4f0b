"""What transforms, nested and sparse tensors really compute, and weights of fewer bits."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from product_flops import mapping
from recording import flags_of, recorded
from torch import nn
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap
from torch.utils.flop_counter import FlopCounterMode

x, w = torch.randn(4, 8), torch.randn(8, 8)


def loss(a: torch.Tensor) -> torch.Tensor:
    return (a @ w).tanh().sum()


LAYER = nn.Linear(8, 8)
PARAMETERS = {name: torch.stack([p.detach()] * 3) for name, p in LAYER.named_parameters()}

TRANSFORMS = {
    "vmap": lambda: vmap(lambda a: a @ w)(x),
    "vmap of both": lambda: vmap(torch.dot)(x, x),
    "vmap along another axis": lambda: vmap(lambda a: w @ a, in_dims=1)(torch.randn(8, 5)),
    "nested vmap": lambda: vmap(vmap(lambda a: a @ w))(torch.randn(3, 4, 8)),
    "vmap in chunks": lambda: vmap(lambda a: a @ w, chunk_size=2)(x),
    "vmap of convolutions": lambda: vmap(lambda a: F.conv1d(a[None], torch.ones(2, 3, 3))[0])(
        torch.randn(4, 3, 9)
    ),
    "an ensemble": lambda: vmap(lambda p: functional_call(LAYER, p, (x,)))(PARAMETERS),
    "grad": lambda: grad(loss)(x),
    "gradients of each example": lambda: vmap(grad(loss))(x),
    "vjp": lambda: vjp(lambda a: a @ w, x)[1](x),
    "jvp": lambda: jvp(lambda a: a @ w, (x,), (x,)),
    "jacrev": lambda: jacrev(lambda a: (a @ w).tanh())(x[0]),
    "jacfwd": lambda: jacfwd(lambda a: (a @ w).tanh())(x[0]),
    "hessian": lambda: hessian(loss)(x[0]),
    "autograd.grad": lambda: torch.autograd.grad(loss(v := x.clone().requires_grad_()), v),
    "backward": lambda: ((x.clone().requires_grad_()) @ w).sum().backward(),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms_count_what_runs_and_not_one_example(name: str):
    with FlopCounterMode(display=False, custom_mapping=mapping()) as counter:
        TRANSFORMS[name]()
    node, products = recorded(TRANSFORMS[name])
    assert products == counter.get_total_flops() > 0
    assert flags_of(node) == []


def test_modules_within_a_transform_are_nodes_with_the_whole_work():
    class Ensemble(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = LAYER

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return vmap(lambda p: functional_call(self.layer, p, (inputs,)))(PARAMETERS)

    node, products = recorded(Ensemble(), x)
    assert products == 3 * 2 * 4 * 8 * 8
    assert node.find("layer").features.flops >= products


def test_results_within_a_transform_are_the_same_to_the_bit():
    outputs: list[torch.Tensor] = []
    for transform in (vmap(grad(loss)), jacrev(loss), jacfwd(loss), hessian(loss)):
        plain = transform(x)
        recorded(lambda t=transform: outputs.append(t(x)))
        assert torch.equal(outputs[-1], plain)


LENGTHS = (3, 5, 5)
TOKENS = sum(LENGTHS)


@pytest.fixture(params=["jagged", "strided"])
def nested(request) -> torch.Tensor:
    layout = torch.jagged if request.param == "jagged" else torch.strided
    return torch.nested.nested_tensor([torch.randn(n, 8) for n in LENGTHS], layout=layout)


def test_nested_tensors_count_the_tokens_that_are_there(nested: torch.Tensor):
    node, products = recorded(lambda: F.linear(nested, w))
    assert products == 2 * TOKENS * 8 * 8
    assert node.features.bytes == 4 * (2 * TOKENS * 8 + 64)
    (leaf,) = node.children
    assert leaf.features.output_shapes == ((3, 4, 8),)
    assert recorded(lambda: nested * 2)[0].features.flops == TOKENS * 8
    assert recorded(lambda: F.relu(nested))[0].features.flops == TOKENS * 8


def test_attention_of_nested_tensors_counts_the_pairs_of_each_example():
    jagged = torch.nested.nested_tensor([torch.randn(n, 8) for n in LENGTHS], layout=torch.jagged)
    heads = jagged.unflatten(-1, [2, 4]).transpose(1, 2)
    node, products = recorded(lambda: F.scaled_dot_product_attention(heads, heads, heads))
    pairs = sum(n * n for n in LENGTHS)
    assert products == 2 * (2 * 2 * pairs * 4)
    assert [leaf.primitive for leaf in node.children] == ["MatMul", "Softmax", "MatMul"]
    assert node.children[1].features.flops == 5 * 2 * pairs


A = torch.randn(6, 6)
SPARSE = (torch.arange(36).reshape(6, 6) % 4 == 0).float() * A
STORED = int((SPARSE != 0).sum())
COO, CSR = SPARSE.to_sparse(), SPARSE.to_sparse_csr()


@pytest.mark.parametrize(
    "call",
    [
        lambda: torch.sparse.mm(COO, A),
        lambda: COO @ A,
        lambda: CSR @ A,
        lambda: torch.mm(CSR, A),
        lambda: torch.sparse.addmm(A, COO, A),
        lambda: torch.addmm(A, CSR, A),
        lambda: F.linear(A, CSR),
        lambda: torch.sparse.sampled_addmm(CSR, A, A),
    ],
)
def test_sparse_products_count_the_stored_values(call):
    node, products = recorded(call)
    assert products == 2 * STORED * 6
    assert flags_of(node) == []
    dense = recorded(lambda: A @ A)[0].features.bytes
    assert node.features.bytes != dense


def test_sparse_times_sparse_is_far_below_the_dense_product():
    _, products = recorded(lambda: torch.sparse.mm(COO, COO))
    assert products == pytest.approx(2 * 6**3 * (STORED / 36) ** 2)


# --- fewer bits ---------------------------------------------------------------------------------

DYNAMIC = {
    "linear": (lambda: nn.Linear(8, 6), (5, 8)),
    "a batch": (lambda: nn.Linear(8, 6), (2, 5, 8)),
    "lstm": (lambda: nn.LSTM(8, 6), (5, 2, 8)),
    "gru": (lambda: nn.GRU(8, 6), (5, 2, 8)),
    "lstm cell": (lambda: nn.LSTMCell(8, 6), (5, 8)),
    "gru cell": (lambda: nn.GRUCell(8, 6), (5, 8)),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("name", DYNAMIC)
def test_dynamically_quantised_layers_work_as_much_and_hold_as_much_in_fewer_bytes(name: str):
    build, shape = DYNAMIC[name]
    model = nn.Sequential(build())
    kinds = {nn.Linear, nn.LSTM, nn.GRU, nn.LSTMCell, nn.GRUCell}
    quantised = torch.ao.quantization.quantize_dynamic(model, kinds)
    inputs = torch.randn(shape)
    plain, packed = recorded(model, inputs)[0], recorded(quantised, inputs)[0]
    bias = plain.features.flops - recorded(model, inputs)[1] if name == "a batch" else 0
    assert packed.features.flops == plain.features.flops - bias
    assert packed.features.num_parameters == plain.features.num_parameters
    assert packed.features.bytes < plain.features.bytes
    assert packed.children[0].primitive == f"Quantized{plain.children[0].primitive}"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_statically_quantised_models_work_and_hold_as_much():
    model = nn.Sequential(
        torch.ao.quantization.QuantStub(), nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 5),
        torch.ao.quantization.DeQuantStub(),
    ).eval()  # fmt: skip
    image = torch.randn(2, 3, 8, 8)
    model.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    prepared = torch.ao.quantization.prepare(model)
    prepared(image)
    quantised = torch.ao.quantization.convert(prepared)
    plain, packed = recorded(model, image)[0], recorded(quantised, image)[0]
    for path in ("1", "3"):
        ours, theirs = plain.find(path), packed.find(path)
        assert theirs.features.flops == ours.features.flops
        assert theirs.features.num_parameters == ours.features.num_parameters
        assert theirs.features.bytes < ours.features.bytes / 2
        assert theirs.primitive == f"Quantized{ours.primitive}"


class Linear4bit(nn.Linear):
    """As bitsandbytes has them: two weights in a byte, unpacked for each call."""

    def __init__(self) -> None:
        super().__init__(8, 8, bias=False)
        self.weight = nn.Parameter(torch.full((8, 4), 136, dtype=torch.uint8), requires_grad=False)
        self.absmax = nn.Buffer(torch.ones(8, 1))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        pairs = torch.stack((self.weight & 15, self.weight >> 4), -1).flatten(1)
        return F.linear(inputs, (pairs.to(inputs.dtype) - 8) * self.absmax)


class OfBuffers(nn.Module):
    """As GPTQ has them: packed weights and scales are buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("qweight", torch.ones(8, 8, dtype=torch.int8))
        self.register_buffer("scales", torch.ones(8))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs @ (self.qweight.to(inputs.dtype) * self.scales).T


def test_layers_that_unpack_their_weights_hold_what_is_stored():
    node, products = recorded(nn.Sequential(Linear4bit()), x)
    (leaf,) = node.children
    assert (leaf.primitive, leaf.features.num_parameters) == ("QuantizedLinear", 32)
    assert products == 2 * 4 * 8 * 8
    node, products = recorded(OfBuffers(), x)
    assert (products, node.features.num_parameters) == (2 * 4 * 8 * 8, 64)


@torch.library.custom_op("irene_tests::gemv_4bit", mutates_args=())
def gemv_4bit(inputs: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return inputs + weight.sum()


def test_a_layer_whose_kernel_is_another_librarys_counts_as_its_product():
    class Fused(Linear4bit):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return gemv_4bit(inputs, self.weight)

    node, products = recorded(nn.Sequential(Fused()), x)
    assert products == node.features.flops == 2 * 4 * 8 * 8
    assert node.features.bytes == 4 * 2 * 32 + 32


def test_products_of_few_bits_are_no_product_of_floats():
    weight, scales = torch.ones(32, 64, dtype=torch.int8), torch.ones(32, dtype=torch.bfloat16)
    inputs = torch.ones(32, 64, dtype=torch.bfloat16)
    node, products = recorded(lambda: torch._weight_int8pack_mm(inputs, weight, scales))
    assert products == 2 * 32 * 64 * 32
    assert [leaf.primitive for leaf in node.children] == ["QuantizedLinear"]
    assert node.features.bytes == 2 * 32 * 64 + 32 * 64 + 2 * 32 + 2 * 32 * 32


class Packed(torch.Tensor):
    """As torchao has them: a tensor subclass that stands for a float matrix and holds bytes."""

    @staticmethod
    def __new__(cls, inner: torch.Tensor, scale: torch.Tensor) -> Packed:
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=torch.float32)

    def __init__(self, inner: torch.Tensor, scale: torch.Tensor) -> None:
        self.inner, self.scale = inner, scale

    def __tensor_flatten__(self):
        return ["inner", "scale"], None

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function is F.linear:
            inputs, weight = args[:2]
            return F.linear(inputs, weight.inner.to(inputs.dtype) * weight.scale)
        with torch._C.DisableTorchFunctionSubclass():
            return function(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        if function is torch.ops.aten.detach.default:
            return cls(args[0].inner, args[0].scale)
        raise NotImplementedError(function)


def test_subclasses_count_the_bytes_that_they_hold():
    layer = nn.Linear(8, 8, bias=False)
    layer.weight = nn.Parameter(
        Packed(torch.ones(8, 8, dtype=torch.int8), torch.ones(8, 1)), requires_grad=False
    )
    node, products = recorded(nn.Sequential(layer), x)
    (leaf,) = node.children
    assert products == 2 * 4 * 8 * 8
    assert (leaf.primitive, leaf.features.num_parameters) == ("QuantizedLinear", 64)
    assert leaf.features.bytes == 4 * 2 * 32 + 64 + 4 * 8
