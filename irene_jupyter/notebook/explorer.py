"""explore(): sliders over a model that is never run, its tree, its cost, and a small plot."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets
import traitlets

from irene_jupyter.errors import DeviceError, IreneError
from irene_jupyter.notebook.controls import WIDE, control_layout, device_options, menu, slider
from irene_jupyter.notebook.explorer_summary import summary
from irene_jupyter.notebook.front_end import draws_widgets
from irene_jupyter.notebook.widget import EnergyTree
from irene_jupyter.options import DEFAULT_BATCH_SIZE, DEFAULT_SEQ_LEN
from irene_jupyter.predictors.predict.launching import LAUNCHES
from irene_jupyter.predictors.profiles.automatic import AUTO, REFERENCE
from irene_jupyter.predictors.profiles.loading import devices
from irene_jupyter.report.cost_summary import CostSummary
from irene_jupyter.report.curve import CurvePoint, EnergyCurve
from irene_jupyter.report.report import MIME_TYPE, EnergyReport
from irene_jupyter.report.units import format_seconds, printable
from irene_jupyter.report.words import provenance
from irene_jupyter.situation import setting_of
from irene_jupyter.whatif import DTYPES, MAX_BATCH_SIZE, PER, Setting, WhatIf, amount

AXES = ("batch_size", "seq_len", "new_tokens")
_CHOICES = {  # label -> value
    "launch": {"one by one (eager)": "eager", "as CUDA graphs": "graph"},
    "per": {"energy a query": "query", "energy a token": "token", "energy of the run": "run"},
}
_SETTING = (*AXES, "device", "dtype", "launch")


def explore(source: Any, *, method: str = "additive", **setting: Any) -> Explorer:
    """An `Explorer` of a model, a transformers configuration, or a report of one of them.

    `setting` may hold batch_size, seq_len, new_tokens (of a generation; 0: one forward pass),
    device (a profile's name or path), dtype and launch ("eager" or "graph"); the default is a
    report's own, or else batch 8 and 128 tokens, fewer where the model has not that many
    positions, and the device that "auto" is here. `method` is as in `irene.predict`. Nothing is
    run, no weights are needed.

    Raises `CaptureError` where the model cannot be built or traced at the first size, and
    `OptionError` for a report that does not know its model. Errors of sizes that are chosen
    later are shown in the widget, and kept in its `error`.

    >>> import irene_jupyter as irene
    >>> from transformers import BertConfig
    >>> explorer = irene.explore(BertConfig(num_hidden_layers=2), batch_size=8)
    >>> eight = explorer.report.total_joules
    >>> explorer.batch_size = 16
    >>> explorer.report.total_joules > eight
    True
    """
    if isinstance(source, EnergyReport):
        setting = _setting_of(source, setting.get("device")) | setting
    return Explorer(WhatIf(source, method), **setting)


class Explorer(ipywidgets.VBox):  # type: ignore[misc]  # the package has no types
    """Controls, totals, a plot and an `EnergyTree`; set or `observe` any of its traits.

    `batch_size`, `seq_len` (tokens; of the prompt where something is generated), `new_tokens`,
    `device`, `dtype` and `launch` are what is predicted; `against` names the size that the plot is
    drawn over, the last that was changed, and `per` whether it shows the energy of a "query", of a
    "token" (a new one, where some are generated), or of the whole "run". `report`, `cost` (of a
    million queries; None where it cannot be told), `curve` and `error` ("" where all is well)
    follow. After an error the report is still that of the last setting that could be predicted.
    Made by `explore`. Raises
    `traitlets.TraitError` for a value that a trait cannot take. Energies are in joules.

    >>> import irene_jupyter as irene
    >>> from transformers import BertConfig
    >>> explorer = irene.explore(BertConfig(num_hidden_layers=2))
    >>> explorer.observe(lambda change: print("predicted anew"), "report")
    >>> explorer.seq_len = 64
    predicted anew
    """

    batch_size = traitlets.Int(DEFAULT_BATCH_SIZE, min=1)
    seq_len = traitlets.Int(DEFAULT_SEQ_LEN, min=1)
    new_tokens = traitlets.Int(0, min=0)
    device = traitlets.Unicode(AUTO)
    dtype = traitlets.Unicode(None, allow_none=True)
    launch = traitlets.Enum(LAUNCHES, default_value="eager")
    against = traitlets.Enum(AXES, default_value="batch_size")
    per = traitlets.Enum(PER, default_value="query")
    report = traitlets.Instance(EnergyReport, allow_none=True, read_only=True)
    cost = traitlets.Instance(CostSummary, allow_none=True, read_only=True)
    curve = traitlets.Instance(EnergyCurve, allow_none=True, read_only=True)
    error = traitlets.Unicode("", read_only=True)

    def __init__(self, what_if: WhatIf, **setting: Any) -> None:
        unknown = sorted(set(setting) - {*_SETTING, "against", "per"})
        if unknown:
            raise TypeError(f"explore() takes {', '.join(_SETTING)}, not {', '.join(unknown)}")
        self._what_if = what_if
        self._held = True
        self._curve_of: tuple[Any, ...] | None = None
        self._points: tuple[CurvePoint, ...] = ()
        most = what_if.max_tokens - setting.get("new_tokens", 0)
        setting.setdefault("seq_len", max(1, min(DEFAULT_SEQ_LEN, most)))
        if setting.get("device", AUTO) == AUTO:
            setting["device"] = what_if.device_here
        if setting.get("dtype") is None:
            setting["dtype"] = what_if.dtype
        super().__init__(**setting)
        # Raises what a first size that does not work raises: there is nothing to show yet.
        answer = what_if.predict(self.setting)
        self._tree = EnergyTree(answer.report)
        self._build()
        self._held = False
        self._show()

    @property
    def setting(self) -> Setting:
        """What the controls say, which after an error is not what `report` is of."""
        return Setting(**{name: getattr(self, name) for name in _SETTING})

    @property
    def tree(self) -> EnergyTree:
        """The tree in it."""
        return self._tree

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """One display: the live explorer, and the report of now for where it cannot live.

        That report says that it is one setting of many, and its metadata that no cell took it.
        """
        is_live = self.report is None or draws_widgets()
        bundle = dict((super()._repr_mimebundle_(**kwargs) if is_live else None) or {})
        if self.report is None:
            return bundle, {}
        notes = (self._when_shown(), *self.report.notes)
        bundle |= replace(self.report, notes=notes)._repr_mimebundle_()
        return bundle, {MIME_TYPE: {"what_if": True}}

    def _when_shown(self) -> str:
        size = f"batch size {self.batch_size}, {self.seq_len} tokens"
        if self.new_tokens:
            size += f" and {self.new_tokens} new ones"
        return (
            f"an explorer, as it stood when it was shown ({size}): what was tried in it later is "
            "not kept; run its cell again for the controls"
        )

    # --- controls ---------------------------------------------------------------------------

    def _build(self) -> None:
        # Dragging is live where a size takes milliseconds; else the tree follows on release.
        live = self._what_if.is_learned(self.setting)
        most = self._what_if.max_tokens
        self._controls: dict[str, Any] = {
            "batch_size": slider("batch size", 1, max(MAX_BATCH_SIZE, self.batch_size), live),
            "seq_len": slider("", min(4, self.seq_len), max(most, self.seq_len), live),
            "new_tokens": slider("new tokens", 0, max(most // 2, self.new_tokens), live),
            "device": ipywidgets.Dropdown(
                options=device_options(self.device),
                description="device profile", layout=control_layout(), style=WIDE,
            ),
            "dtype": ipywidgets.Dropdown(
                options=list(dict.fromkeys([*filter(None, [self.dtype, self._what_if.dtype]),
                                            *DTYPES])) if self.dtype else ["none"],
                description="dtype", layout=control_layout(), style=WIDE, disabled=not self.dtype,
            ),
            "launch": menu("launched", _CHOICES["launch"]),
            "per": menu("plot", _CHOICES["per"]),
        }  # fmt: skip
        if not self._what_if.can_generate:
            self._controls["new_tokens"].layout.display = "none"
        for name, control in self._controls.items():
            control.value = getattr(self, name) or control.value
            control.observe(self._control_moved(name), "value")
        self._summary = ipywidgets.HTML()
        self._plot = ipywidgets.HTML()
        self._status = ipywidgets.HTML()
        left = ipywidgets.VBox([*self._controls.values(), self._status])
        left.layout.min_width = "390px"
        right = ipywidgets.VBox([self._summary, self._plot])
        row = ipywidgets.HBox([left, right], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.children = (row, self._tree)

    def _control_moved(self, name: str) -> Any:
        def moved(change: Any) -> None:
            if not self._held and getattr(self, name) != change["new"]:
                setattr(self, name, change["new"])

        return moved

    @traitlets.observe(*_SETTING)
    def _changed(self, change: Any) -> None:
        if self._held:
            return
        name = change["name"]
        with self._holding():
            control = self._controls[name]
            if name in AXES:
                self.against = name
                control.max = max(control.max, change["new"])
                control.min = min(control.min, change["new"])
            elif name == "device":
                control.options = device_options(change["new"])
            elif change["new"] not in control.options:
                control.options = [*control.options, change["new"]]
            control.value = change["new"]
        self._show()

    @traitlets.observe("against", "per")
    def _redraw(self, change: Any) -> None:
        if not self._held:
            self._controls["per"].value = self.per
            self._show_curve()

    @contextmanager
    def _holding(self) -> Iterator[None]:
        self._held, before = True, self._held
        try:
            yield
        finally:
            self._held = before

    # --- what follows -----------------------------------------------------------------------

    def _show(self) -> None:
        # What must be traced takes seconds, and leaves garbage of torch's.
        with _uncollected() if self._is_quick() else nullcontext():
            self._predict()

    def _predict(self) -> None:
        generates = self.new_tokens > 0
        self._controls["seq_len"].description = "prompt tokens" if generates else "sequence length"
        if not self._is_quick():
            self._status.value = "<i>tracing the model at this size …</i>"
        try:
            answer = self._what_if.predict(self.setting)
        except IreneError as error:
            self._fail(str(error))
            return
        except Exception as error:  # of a user's model; a log would hide it
            self._fail(f"{type(error).__name__}: {error}")
            return
        selected = self._tree.selected
        self._tree.report = answer.report
        if selected and self._has(answer.report, selected):
            self._tree.selected = selected
        self.set_trait("report", answer.report)
        self.set_trait("error", "")
        try:
            self.set_trait("cost", answer.report.cost(queries=1e6))
        except IreneError:  # nothing tells how many queries an odd model answers
            self.set_trait("cost", None)
        self._summary.value = summary(answer.report, self.cost)
        for name in ("dtype", "launch"):
            has_effect = self._what_if.has_effect(name, self.setting)
            description = {"dtype": "dtype", "launch": "launched"}[name]
            self._controls[name].description = (
                description if has_effect else f"{description} (no effect)"
            )
        learned = self._what_if.is_learned(self.setting)
        for name in AXES:
            self._controls[name].continuous_update = learned
        how = (
            "sizes between those traced at the start are predicted at once"
            if learned
            else "this model is traced anew at each size, when the slider is let go"
        )
        self._status.value = f"<small>{format_seconds(answer.seconds)}; {how}</small>"
        self._show_curve()

    def _show_curve(self) -> None:
        report = self.report
        root = None if report is None else report.root
        if report is None or root is None or root.energy is None or self.error:
            return
        against = self.against if self.new_tokens or self.against != "new_tokens" else "seq_len"
        where = {name: getattr(self, name) for name in (*_SETTING, "per") if name != against}
        others = (against, tuple(where.items()), self._what_if.is_learned(self.setting))
        if others != self._curve_of or not others[-1]:  # of a slider that moves it stays
            self._points = self._what_if.curve(self.setting, against, self.per)
            self._curve_of = others
        label = str(self._controls[against].description)
        now = CurvePoint.of(getattr(self, against), root.energy, root.flags)
        now = now.shared(amount(self.setting, self.per))
        of = {"query": "a query", "token": "a new token" if self.new_tokens else "a token"}
        curve = EnergyCurve(self._points, now, label, provenance(report), of.get(self.per, ""))
        self.set_trait("curve", curve)
        self._plot.value = curve.svg

    def _fail(self, message: str) -> None:
        """The error in words, in the place where people look; what is below stays as it was."""
        self.set_trait("error", message)
        told = escape(printable(message, 600))
        self._status.value = (
            f'<div role="alert" style="max-width:370px;line-height:1.4"><b>⚠ {told}</b><br>'
            "The tree still shows the last setting that could be predicted.</div>"
        )

    def _is_quick(self) -> bool:
        try:
            return self._what_if.is_quick(self.setting)
        except IreneError:
            return True  # the prediction says what is wrong

    @staticmethod
    def _has(report: EnergyReport, path: str) -> bool:
        return any(node.path == path for node in report.walk())


@contextmanager
def _uncollected() -> Iterator[None]:
    """Puts Python's collection of cycles off for some milliseconds.

    A move makes some 30,000 objects and frees as many, without cycles. But those that are young
    when a collection comes by count as long-lived, and each ten moves then bring a collection of
    all that torch holds: .3 s.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _setting_of(report: EnergyReport, device: str | None) -> dict[str, Any]:
    """The size of what cost most in a report, and the report's device.

    A report may come from another machine, and its device's name is never read as a path.
    """
    found: dict[str, Any] = {}
    if device is None:
        known = [info.name for info in devices()]
        name = report.predicting.name
        if name not in known:
            raise DeviceError(
                f"the device profile of this report, {printable(name, 60)!r}, is not "
                f"known here: choose one, irene.explore(report, device={REFERENCE!r})"
            )
        found["device"] = name
    if report.runs:
        size = setting_of(report.runs)
        found |= {"batch_size": size.batch_size, "seq_len": size.seq_len}
        if size.new_tokens:
            found["new_tokens"] = size.new_tokens
    return found
