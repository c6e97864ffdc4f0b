"""What a board's forms say of measured kernels, against what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from irene_jupyter.errors import DataError
from irene_jupyter.predictors.fit.kernel_errors import (
    KernelOutcome,
    kernel_figures,
    kernel_outcome,
    kernels_inside,
)
from irene_jupyter.predictors.fit.kernel_rows import KernelData, KernelKind
from irene_jupyter.predictors.forms.kernel_form import KernelForm
from irene_jupyter.predictors.profiles.kernel_profile import KernelProfile


@dataclass(frozen=True)
class KernelEvaluation:
    """Outcomes by kind; `without_form` are kinds that the profile says nothing of."""

    device: str
    board: str
    profile: KernelProfile
    outcomes: tuple[KernelOutcome, ...]
    without_form: tuple[KernelKind, ...]

    def to_dict(self) -> dict[str, Any]:
        """Errors in % by operation, and there by framework, kernel and dtype."""
        return {
            "device": self.device,
            "board": self.board,
            "operations": kernel_figures(self.outcomes),
            "in_interval_percent": kernels_inside(self.outcomes, self.profile.intervals),
            "without_form": [" ".join(filter(None, kind)) for kind in self.without_form],
        }


def evaluate_kernels(data: KernelData, device: str, profile: KernelProfile) -> KernelEvaluation:
    """Each kernel whose power is the mean of enough readings. Raises `DataError` without any."""
    outcomes, without = [], []
    for kernels in data.kinds:
        rows = kernels.is_powered
        if not rows.any():
            continue
        form = _form(profile, kernels.kind)
        if form is None:
            without.append(kernels.kind)
        else:
            outcomes.append(kernel_outcome(kernels, form, rows, profile.idle_watts))
    if not outcomes:
        raise DataError(
            f"no kernel of this table can be judged by {device!r}: it needs rows with four "
            "readings of power or more, of an operation that the profile knows"
        )
    return KernelEvaluation(device, data.board, profile, tuple(outcomes), tuple(without))


def _form(profile: KernelProfile, kind: KernelKind) -> KernelForm | None:
    """The kind's own, or another kernel's of the same framework and dtypes."""
    exact = profile.forms.get("/".join(kind))
    if exact is not None:
        return exact
    for key, form in profile.forms.items():
        operation, framework, _, dtype, kv_dtype = key.split("/")
        if (operation, framework, dtype, kv_dtype) == (
            kind.operation,
            kind.framework,
            kind.dtype,
            kind.kv_dtype,
        ):
            return form
    return None
