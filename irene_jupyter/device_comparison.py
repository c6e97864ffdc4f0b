"""compare_devices(): one model on every device profile that is known here, in one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irene_jupyter.assembly import make_report
from irene_jupyter.columns import aligned
from irene_jupyter.errors import DeviceError, IreneError
from irene_jupyter.limits import NOT_NEGATIVE
from irene_jupyter.options import (
    DEFAULT_BATCH_SIZE,
    DEFAULT_OPTIMISER,
    DEFAULT_SEQ_LEN,
    Options,
    check_training,
)
from irene_jupyter.predictors.predict.launching import Launch, Launching
from irene_jupyter.predictors.profiles.loading import Profile, devices, load_device
from irene_jupyter.report.folding import flag_codes, is_untested
from irene_jupyter.report.page import plain_table
from irene_jupyter.report.units import format_interval, format_joules, format_seconds, printable
from irene_jupyter.room import Shortage, shortage_of
from irene_jupyter.tree import Energy

if TYPE_CHECKING:
    import pandas as pd

    from irene_jupyter.report.report import EnergyReport

COLUMNS = (
    "device", "label", "scope", "joules", "low", "high", "source", "seconds",
    "joules_per_query", "joules_per_token", "fits", "needed_gibibytes", "memory_gibibytes", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDevice:
    """The model on one device: its report, or the `error` that says why there is none.

    `queries` and `tokens` are what the joules are divided by: of a generation its new tokens, of
    a forward pass those that went in. `shortage` is None where the model fits, or nobody knows.
    """

    device: str
    profile: Profile | None = None
    report: EnergyReport | None = None
    queries: int
    tokens: int
    shortage: Shortage | None = None
    error: str = ""

    @property
    def energy(self) -> Energy | None:
        """Of the whole run, J."""
        return self.report.root.energy if self.report and self.report.root else None

    @property
    def seconds(self) -> float | None:
        """That the run would take there; None on a profile that knows no times."""
        root = self.report.root if self.report else None
        return root.features.predicted_seconds if root else None

    @property
    def fits(self) -> bool | None:
        """Whether the device has the memory; None where it is not known."""
        if self.profile is None or self.profile.memory_gibibytes is None:
            return None
        return self.shortage is None

    def to_dict(self) -> dict[str, Any]:
        """One row, with `COLUMNS`; None for what is not known."""
        energy, profile, shortage = self.energy, self.profile, self.shortage
        return {
            "device": self.device,
            "label": profile and profile.label,
            "scope": profile and profile.scope,
            "joules": energy and energy.joules,
            "low": energy and energy.low,
            "high": energy and energy.high,
            "source": energy and energy.source,
            "seconds": self.seconds,
            "joules_per_query": energy and energy.joules / self.queries,
            "joules_per_token": energy and energy.joules / self.tokens,
            "fits": self.fits,
            "needed_gibibytes": shortage and shortage.needed,
            "memory_gibibytes": profile and profile.memory_gibibytes,
            "error": self.error or None,
        }


@dataclass(frozen=True, slots=True, repr=False)
class DeviceComparison:
    """One model on several devices, predicted: `comparison["h100"]` is the report of one.

    `title` says what was predicted; `tokens_are` which tokens the joules are shared by.
    """

    title: str
    tokens_are: str
    rows: tuple[OnDevice, ...]

    def __getitem__(self, device: str) -> EnergyReport:
        """The report of a device. Raises `KeyError`, and `DeviceError` where there is none."""
        for row in self.rows:
            if row.device == device:
                if row.report is None:
                    raise DeviceError(row.error)
                return row.report
        known = ", ".join(row.device for row in self.rows)
        raise KeyError(f"no device {device!r} in this comparison; it has {known}")

    def __iter__(self) -> Iterator[OnDevice]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each device, with `COLUMNS`."""
        import pandas as pd

        return pd.DataFrame([row.to_dict() for row in self.rows], columns=list(COLUMNS))

    def __str__(self) -> str:
        table = aligned([self._heads(), *map(_cells, self.rows)], "<><>><<")
        return "\n".join([self.title, "", table, *self._notes()])

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        rows = (map(escape, _cells(row)) for row in self.rows)
        table = plain_table(map(escape, self._heads()), rows)
        notes = "".join(f"<p>{escape(note)}</p>" for note in self._notes())
        return {
            "text/html": f"<p><b>{escape(self.title)}</b></p>{table}{notes}",
            "text/plain": str(self),
        }

    def _heads(self) -> tuple[str, ...]:
        return ("device", "a query", "", f"a {self.tokens_are}", "time", "memory", "joules of")

    def _notes(self) -> list[str]:
        notes = ["Predicted, nothing was run."]
        scopes = {row.profile.scope for row in self.rows if row.profile is not None}
        if len(scopes) > 1:
            notes.append(
                "“board” is the energy of the GPU board alone, “machine” of the whole machine at "
                "the wall: compare like with like."
            )
        notes += [f"{row.device}: {row.error}" for row in self.rows if row.error]
        return notes


def compare_devices(
    model: Any,
    batch_size: int = DEFAULT_BATCH_SIZE,
    seq_len: int = DEFAULT_SEQ_LEN,
    new_tokens: int = 0,
    devices: Sequence[str | Path] | None = None,
    launch: Launch = "eager",
    host_seconds_per_op: float | None = None,
    training: bool = False,
    optimiser: str = DEFAULT_OPTIMISER,
) -> DeviceComparison:
    """One model on several devices: joules a query and a token, seconds, whether it fits.

    `devices` are names or paths of profiles, all that are known if not said. The model is traced
    once and never run; the other arguments are those of `irene.predict`. A device that cannot be
    predicted is a row with its error. With `training` a query is an example of the batch, in all
    that a step does for it. Raises `CaptureError`, `InputShapeError` and `OptionError`.

    >>> import irene_jupyter as irene
    >>> from transformers import BertConfig
    >>> table = irene.compare_devices(BertConfig(num_hidden_layers=2), devices=["h100"])
    >>> table["h100"].total_joules > 0
    True
    >>> table.to_dataframe()["fits"].tolist()
    [True]
    """
    from irene_jupyter.capture.dry.foreseen import Foreseen
    from irene_jupyter.capture.models.building import Origin, build_model, built_of

    Options(batch_size=batch_size, seq_len=seq_len)  # checks them
    NOT_NEGATIVE.check("new_tokens", new_tokens)
    if training:
        check_training(new_tokens)
    launching = Launching(launch, host_seconds_per_op)
    names = _all_devices() if devices is None else [str(device) for device in devices]
    generates = new_tokens > 0
    built = build_model(model, generates=generates)
    trained_by = optimiser if training else None
    foreseen = Foreseen.of(built, batch_size, seq_len, new_tokens, optimiser=trained_by)
    notes, origin = (*built_of(model, built), *foreseen.notes), Origin.of(built)
    queries, tokens = batch_size, batch_size * (new_tokens if generates else seq_len)
    rows = []
    for name in names:
        row = OnDevice(device=name, queries=queries, tokens=tokens)
        try:
            profile = load_device(name)
            shortage = shortage_of(built, foreseen.runs, profile, foreseen.memory)
            report = make_report(
                foreseen.runs,
                profile,
                "predict",
                notes,
                origin=origin,
                launching=launching,
                shortage=shortage,
            )
            row = replace(row, profile=profile, report=report, shortage=shortage)
        except IreneError as error:
            row = replace(row, error=printable(str(error), 400))
        rows.append(row)
    size = f"batch {batch_size}, {seq_len} tokens"
    if generates:
        size = f"batch {batch_size}, prompts of {seq_len} tokens, {new_tokens} new ones"
    if training:
        size = f"a training step, {size}, {optimiser}"
    how = "" if launch == "eager" else ", launched as CUDA graphs on boards"
    title = f"{type(built).__name__}, {size}{how}"
    return DeviceComparison(title, "new token" if generates else "token", tuple(rows))


def _all_devices() -> list[str]:
    return [info.name for info in devices()]


def _cells(row: OnDevice) -> tuple[str, ...]:
    energy, profile, report = row.energy, row.profile, row.report
    name = printable(row.device, 40)
    if energy is None or profile is None or report is None or report.root is None:
        return (name, "–", "", "–", "–", "–", "not predicted")
    query = energy.scaled(1 / row.queries)
    if row.shortage is not None:
        memory = row.shortage.reason
    else:
        has = profile.memory_gibibytes
        memory = "unknown" if has is None else f"fits in {has:.0f} GiB"
    told = [f"the {profile.scope}"]
    if energy.source != "predicted":
        told.append(energy.source)
    elif "extrapolated" in flag_codes(report.root):
        told.append("extrapolated")
    return (
        name,
        format_joules(query.joules),
        format_interval(query, is_untested(report.root)),
        format_joules(energy.joules / row.tokens),
        format_seconds(row.seconds),
        memory,
        ", ".join(told),
    )
