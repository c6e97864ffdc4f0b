"""EnergyTree: a report as an interactive tree, in step with Python while a kernel lives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from irene_jupyter.errors import IreneError
from irene_jupyter.notebook.front_end import draws_widgets
from irene_jupyter.report.report import EnergyReport
from irene_jupyter.tree import Node

WIDGET_MIME_TYPE = "application/vnd.jupyter.widget-view+json"
UNITS = ("J", "mJ", "Wh", "%")
VIEWS = ("tree", "icicle")
DEFAULT_DEPTH = 2  # levels: the model and its modules, whose children then show

_STATIC = Path(__file__).resolve().parent.parent / "static"


class EnergyTree(anywidget.AnyWidget):
    """A report (or the JSON of one) as a tree to explore; `observe` any of its traits.

    `energy` is the total in joules, 0 where nothing ran; it follows the report and cannot be set.
    `selected` is the path of the selected node, "" for the root; `expanded_depth` is how many
    levels are open, as last set from Python or by the buttons (rows opened one by one do not change
    it); `view` is tree or icicle; `unit` is one of J (with prefixes), mJ, Wh and % (of the total);
    `phase` is the phase whose tree is shown, as "backward" of a training step or "decode" of a
    generation, "" for all together; `data` is the report's JSON, set through `report`, or given
    beside it where it is at hand (in a notebook's brief form it takes a seventh of the memory);
    `advice` is what was answered to “What would help?”. All are synced both ways but `energy` and
    `data`.

    Where the report's runs are at hand, `device` is whose energy is shown, "here" or the name of a
    profile, and may be set to any of `devices`, pairs of name and label: the kernel then
    makes the report again (`report.on`). Elsewhere `devices` is empty.

    Another report is drawn in place: open rows, unit and view stay, and the selected node and the
    phase too where the report has them.

    Raises `ReportError` where the report is not one, `traitlets.TraitError` on a path or a phase
    that the report does not have. A notebook saved with widget state holds one copy of the bundle
    for each tree, so the bundle is kept small.

    >>> import torch
    >>> import irene_jupyter as irene
    >>> model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh())
    >>> tree = irene.EnergyTree(irene.predict(model), expanded_depth=1)
    >>> tree.selected = "0"
    >>> tree.node  # its energy in joules
    <Node '0' Linear, 0 children, ... J predicted>
    """

    # Texts: anywidget watches a file, and holds on to every widget that was made from it.
    _esm = (_STATIC / "widget.js").read_text(encoding="utf-8")
    _css = (_STATIC / "widget.css").read_text(encoding="utf-8")

    data = traitlets.Dict().tag(sync=True)
    energy = traitlets.Float(0.0, read_only=True)
    selected = traitlets.Unicode("").tag(sync=True)
    expanded_depth = traitlets.Int(DEFAULT_DEPTH, min=0).tag(sync=True)
    view = traitlets.Enum(VIEWS, default_value="tree").tag(sync=True)
    unit = traitlets.Enum(UNITS, default_value="J").tag(sync=True)
    # What would help, as JSON: empty until somebody asks, with "problem" where nothing can be said.
    advice = traitlets.Dict().tag(sync=True)
    phase = traitlets.Unicode("").tag(sync=True)
    device = traitlets.Unicode("").tag(sync=True)
    devices: traitlets.List[Any] = traitlets.List(read_only=True).tag(sync=True)

    def __init__(
        self,
        report: EnergyReport | Mapping[str, Any],
        *,
        data: dict[str, Any] | None = None,
        **traits: Any,
    ) -> None:
        self._report = _as_report(report)
        # With its JSON, which then need not be read back at each report: 30 ms for 1,000 nodes.
        self._given = (self._report.to_dict() if data is None else data, self._report)
        super().__init__(data=self._given[0], **traits)
        self.set_trait("devices", _devices(self._report))
        self.device = self._report.device.name
        self.on_msg(self._asked)

    @property
    def report(self) -> EnergyReport:
        """The report that is shown; set it to show another one in its place."""
        return self._report

    @report.setter
    def report(self, report: EnergyReport | Mapping[str, Any]) -> None:
        known = _as_report(report)
        self._given = (known.to_dict(), known)
        self.data = self._given[0]
        self.set_trait("devices", _devices(known))
        self.device = known.device.name

    @property
    def node(self) -> Node | None:
        """The selected node; None where the report is empty."""
        return self._find(self.selected)

    def _asked(self, widget: Any, content: Any, buffers: Any) -> None:
        """The front end wants to know what would help."""
        if not isinstance(content, Mapping) or content.get("ask") != "advice":
            return
        try:
            self.advice = self._report.advice().to_dict()
        except IreneError as error:
            self.advice = {"problem": str(error)}
        except Exception as error:  # whatever a model's own code raises when it is built
            self.advice = {"problem": f"no advice could be given: {type(error).__name__}: {error}"}

    @traitlets.validate("data")
    def _validate_data(self, proposal: Any) -> dict[str, Any]:
        data, report = self._given
        self._report = report if proposal["value"] is data else _as_report(proposal["value"])
        return dict(proposal["value"])

    @traitlets.observe("data")
    def _follow_report(self, change: Any) -> None:
        self.advice = {}  # it was of the report before
        root = self._report.root
        self.set_trait("energy", root.energy.joules if root and root.energy else 0.0)
        # Not while being made, when `selected` may be given.
        if change["old"] and self._find(self.selected) is None:
            self.selected = ""
        if change["old"] and self.phase not in self._phases():
            self.phase = ""

    @traitlets.validate("device")
    def _validate_device(self, proposal: Any) -> str:
        name = str(proposal["value"])
        if name != self._report.device.name:
            try:
                self.report = self._report.on(name)
            except IreneError as error:
                raise traitlets.TraitError(f"device: {error}") from None
        return name

    @traitlets.validate("selected")
    def _validate_selected(self, proposal: Any) -> str:
        path = str(proposal["value"])
        if path and self._find(path) is None:
            raise traitlets.TraitError(
                f"selected: the report has no node {path[:200]!r}; "
                "take a path from tree.report.to_dataframe()"
            )
        return path

    @traitlets.validate("phase")
    def _validate_phase(self, proposal: Any) -> str:
        phase = str(proposal["value"])
        if phase not in (known := self._phases()):
            names = ", ".join(map(repr, known))
            raise traitlets.TraitError(f"phase: the report has no {phase[:40]!r}; there is {names}")
        return phase

    def _phases(self) -> tuple[str, ...]:
        return ("", *dict.fromkeys(each.phase for each in self._report.phases))

    def _find(self, path: str) -> Node | None:
        if not path and self._report.root is not None:
            return self._report.root
        try:
            return self._report[path]
        except KeyError:
            return None

    def live_view(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What shows the tree while the kernel lives: a MIME bundle and its metadata."""
        view: Any = super()._repr_mimebundle_() or {}
        return view if isinstance(view, tuple) else (view, {})

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """One display: the live view where it can be drawn, and the report's own forms."""
        lasting = self._report._repr_mimebundle_()
        if not draws_widgets():
            return lasting, {}
        view, metadata = self.live_view()
        return {**view, **lasting}, metadata


def _devices(report: EnergyReport) -> list[tuple[str, str]]:
    """(name, label) of those that the report can be switched to, its own first."""
    if report.switch is None:
        return []
    from irene_jupyter.predictors.profiles.loading import devices

    own = (report.switch.own, report.device)
    known = {each.name: each.label for each in own}
    return list((known | {each.name: each.label for each in devices()}).items())


def _as_report(report: EnergyReport | Mapping[str, Any]) -> EnergyReport:
    """`report` itself, or the one whose JSON it is. Raises `ReportError`."""
    if isinstance(report, EnergyReport):
        return report
    return EnergyReport.from_dict(dict(report) if isinstance(report, Mapping) else report)
