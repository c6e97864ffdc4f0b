"""Operations of torch's kernels by formula: linear algebra, Fourier transforms, distances.

Below these stands torch's own registry (`torch.utils.flop_counter`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch.utils.flop_counter import flop_registry

from irene_jupyter.capture.count.cost import Args, Kwargs
from irene_jupyter.capture.count.tensors import elements, rows, tensors_in

Formula = Callable[[Args, Kwargs, Any], float]


def _matrix(args: Args) -> tuple[int, int, int]:
    """(batch, m, n) of the first matrix."""
    a = next(t for t in tensors_in(args))
    m, n = a.shape[-2:]
    return elements(a) // max(m * n, 1), int(m), int(n)


def _values_only(args: Args, kwargs: Kwargs, out: Any) -> float:
    """Singular values without vectors."""
    batch, m, n = _matrix(args)
    high, low = max(m, n), min(m, n)
    return batch * (4.0 * high * low**2 - 4 / 3 * low**3)


def _pseudo_inverse(args: Args, kwargs: Kwargs, out: Any) -> float:
    """A singular value decomposition, and the product of its factors."""
    batch, m, n = _matrix(args)
    return _svd(args, {}, out) + 2.0 * batch * m * n * min(m, n)


def _covariance(args: Args, kwargs: Kwargs, out: Any) -> float:
    """Variables (m, observations) times their transpose."""
    return 2.0 * int(out.numel() * args[0].shape[-1])


def _pairs(args: Args, kwargs: Kwargs, out: Any) -> float:
    """Lists of matrices, multiplied in pairs."""
    return float(sum(2 * a.numel() * c.shape[-1] for a, c in zip(args[0], out, strict=True)))


def _of_square(factor: float) -> Formula:
    """`factor`·n³ for each matrix of the batch."""

    def formula(args: Args, kwargs: Kwargs, out: Any) -> float:
        batch, m, n = _matrix(args)
        return factor * batch * min(m, n) ** 2 * max(m, n)

    return formula


def _columns(args: Args) -> int:
    """Right-hand sides of a system (A, B), of all of the batch together for each row of A."""
    a, b = tensors_in(args)[:2]
    return elements(b) // max(a.shape[-2], 1)


def _solve(args: Args, kwargs: Kwargs, out: Any) -> float:
    batch, _, n = _matrix(args)
    return 2 / 3 * batch * n**3 + 2.0 * n * n * _columns(args)


def _substitutions(times: int) -> Formula:
    """Triangular systems, n² operations for each column; (B, A) or (A, B), A square."""

    def formula(args: Args, kwargs: Kwargs, out: Any) -> float:
        given = tensors_in(args)
        result = tensors_in(out)[0]
        n = next(t.shape[-1] for t in reversed(given) if t.dim() > 1 and t.shape[-1] == t.shape[-2])
        return float(times) * n * elements(result)

    return formula


def _least_squares(args: Args, kwargs: Kwargs, out: Any) -> float:
    batch, m, n = _matrix(args)
    high, low = max(m, n), min(m, n)
    return 2.0 * batch * low**2 * (high - low / 3) + 4.0 * m * n * _columns(args)


def _qr(args: Args, kwargs: Kwargs, out: Any) -> float:
    batch, m, n = _matrix(args)
    high, low = max(m, n), min(m, n)
    return 4.0 * batch * low**2 * (high - low / 3)  # R, and Q made from its reflections


def _svd(args: Args, kwargs: Kwargs, out: Any) -> float:
    batch, m, n = _matrix(args)
    high, low = max(m, n), min(m, n)
    has_vectors = bool(kwargs.get("compute_uv", args[2] if len(args) > 2 else True))
    if not has_vectors:
        return _values_only(args, kwargs, out)
    return batch * (4.0 * high**2 * low + 8.0 * high * low**2 + 9.0 * low**3)


def _eigh(args: Args, kwargs: Kwargs, out: Any) -> float:
    batch, _, n = _matrix(args)
    has_vectors = bool(kwargs.get("compute_v", args[2] if len(args) > 2 else True))
    return batch * (9.0 if has_vectors else 4 / 3) * n**3


def _distances(args: Args, kwargs: Kwargs, out: Any) -> float:
    """A difference, a power and an addition for each pair and dimension."""
    return 3.0 * int(out.numel() * args[0].shape[-1])


def _fft(args: Args, kwargs: Kwargs, out: Any) -> float:
    x = args[0]
    dims = args[1] if isinstance(args[1], list | tuple) else [args[1]]
    lengths = [max(x.shape[d], out.shape[d]) for d in dims]
    half = 1.0 if x.is_complex() and out.is_complex() else 0.5  # of real signals
    size = max(x.numel(), out.numel()) if half == 1.0 else _real_size(x, out)
    return half * 5.0 * int(size) * math.log2(max(2, math.prod(lengths)))


def _inverse_stft(args: Args, kwargs: Kwargs, out: Any) -> float:
    """Frames (…, frequencies, frames) of `n_fft` samples, transformed and added up."""
    size: int = kwargs.get("n_fft", args[1] if len(args) > 1 else 2)
    samples = elements(args[0]) // max(int(args[0].shape[-2]), 1) * size
    return 2.5 * samples * math.log2(max(2, size)) + 2.0 * samples


def _real_size(x: torch.Tensor, out: torch.Tensor) -> int:
    return out.numel() if x.is_complex() else x.numel()


def _trilinear(args: Args, kwargs: Kwargs, out: Any) -> float:
    """i1, i2, i3 multiplied and summed over `sumdim`; each is expanded along its own dims."""
    shapes = [list(t.shape) for t in args[:3]]
    for shape, expand in zip(shapes, args[3:6], strict=True):
        for dim in sorted(expand):
            shape.insert(dim, 1)
    sizes = [max(each) for each in zip(*shapes, strict=True)]
    return 2.0 * int(math.prod(sizes))


def _recurrent_kernel(args: Args, kwargs: Kwargs, out: Any) -> float:
    """One layer: every token meets both matrices. Args (x, w_ih, w_hh, …) or (x, weights, …)."""
    weights = args[1] if isinstance(args[1], list | tuple) else args[1:3]
    return 2.0 * rows(args[0].shape) * int(sum(t.numel() for t in weights if t.dim() == 2))


def _two_of_four(args: Args, kwargs: Kwargs, out: Any) -> float:
    """Semi-structured sparse products: half of the weights are stored."""
    dense = max(tensors_in(args), key=lambda t: t.dim() * t.is_floating_point())
    inner = dense.shape[0] if dense.shape[-1] == out.shape[-1] else dense.shape[-1]
    return float(out.numel() * int(inner))


# Golub and Van Loan, "Matrix Computations", 4th edition, chapters 3 to 8, and LAPACK working
# note 41. Iterations of eigenvalue problems depend on the values; these are the usual counts.
FORMULAS: dict[str, Formula] = {
    **dict.fromkeys(
        ("linalg_lu_factor_ex", "_linalg_det", "_linalg_slogdet", "linalg_lu"), _of_square(2 / 3)
    ),
    **dict.fromkeys(("linalg_cholesky_ex", "cholesky", "linalg_ldl_factor_ex"), _of_square(1 / 3)),
    "linalg_inv_ex": _of_square(2.0),
    "cholesky_inverse": _of_square(2 / 3),
    "linalg_eig": _of_square(25.0),
    **dict.fromkeys(("_linalg_eigvals", "linalg_eigvals"), _of_square(10.0)),
    "linalg_matrix_exp": _of_square(16.0),  # eight products: Taylor's, and squarings
    "_linalg_eigh": _eigh,
    **dict.fromkeys(("_linalg_solve_ex", "_spsolve"), _solve),
    **dict.fromkeys(("linalg_solve_triangular", "triangular_solve"), _substitutions(1)),
    **dict.fromkeys(
        ("cholesky_solve", "_cholesky_solve_helper", "linalg_lu_solve", "linalg_ldl_solve"),
        _substitutions(2),
    ),
    "linalg_lstsq": _least_squares,
    "linalg_qr": _qr,
    **dict.fromkeys(
        ("geqrf", "linalg_householder_product"), lambda args, kwargs, out: _qr(args, {}, out) / 2
    ),
    "ormqr": _of_square(4.0),
    "_linalg_svd": _svd,
    "linalg_svdvals": _values_only,
    "linalg_eigvalsh": _of_square(4 / 3),
    "linalg_pinv": _pseudo_inverse,
    **dict.fromkeys(("cov", "corrcoef"), _covariance),
    "_foreach_mm": _pairs,
    **dict.fromkeys(("_cdist_forward", "_euclidean_dist", "_pdist_forward"), _distances),
    **dict.fromkeys(("_fft_r2c", "_fft_c2r", "_fft_c2c"), _fft),
    "istft": _inverse_stft,
    "_trilinear": _trilinear,
    **dict.fromkeys(("mkldnn_rnn_layer", "_cudnn_rnn", "miopen_rnn"), _recurrent_kernel),
    **dict.fromkeys(
        (
            "_cslt_sparse_mm",
            "_sparse_semi_structured_linear",
            "_sparse_semi_structured_mm",
            "_sparse_semi_structured_addmm",
        ),
        _two_of_four,
    ),
}
# Kernels that torch's registry lacks and that take their arguments as another one does.
_LIKE = {
    "_scaled_dot_product_flash_attention_for_cpu": "_scaled_dot_product_flash_attention",
    "_scaled_dot_product_flash_attention_for_cpu_backward": (
        "_scaled_dot_product_flash_attention_backward"
    ),
    "_scaled_dot_product_fused_attention_overrideable": "_scaled_dot_product_flash_attention",
}


def flops_of(name: str, args: Args, kwargs: Kwargs, out: Any) -> tuple[float, bool] | None:
    """(operations, whether of products) of one operation by a formula; None where there is none.

    `name` is an aten operation's, or "namespace::name". A formula that a user registered with
    torch.utils.flop_counter counts as well.
    """
    formula = FORMULAS.get(name)
    if formula is not None:
        return formula(args, kwargs, out), False
    registered = flop_registry.get(packet_of(_LIKE.get(name, name)))
    return None if registered is None else (float(registered(*args, **kwargs, out_val=out)), True)


@cache
def packet_of(name: str) -> Any:
    """The operation of that name, None if torch has none."""
    namespace, _, operation = name.rpartition("::")
    if operation.startswith("__"):
        return None
    try:
        return getattr(getattr(torch.ops, namespace or "aten"), operation)
    except (AttributeError, RuntimeError):
        return None
