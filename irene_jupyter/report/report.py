"""EnergyReport: where a cell's joules go, as plain data with its JSON and its views.

The views (rich, pandas, graphviz) are imported when they are asked for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from irene_jupyter.errors import ReportError
from irene_jupyter.files import write_atomic
from irene_jupyter.merging import CELL
from irene_jupyter.report.device_label import DeviceLabel, Elsewhere, Switch
from irene_jupyter.report.phases import PhaseSummaries
from irene_jupyter.report.run_summary import RunSummary
from irene_jupyter.report.units import format_joules
from irene_jupyter.tree import Node
from irene_jupyter.tree_json import node_to_dict

if TYPE_CHECKING:
    import pandas as pd

    from irene_jupyter.report.advice import Advice
    from irene_jupyter.report.compare import Comparison
    from irene_jupyter.report.cost_summary import CostSummary
    from irene_jupyter.report.drawing import TimelineDrawing
    from irene_jupyter.report.graph import EnergyGraph
    from irene_jupyter.report.icicle import Icicle
    from irene_jupyter.report.model_card import Training
    from irene_jupyter.report.parts import MeasuredEnergy, Parts
    from irene_jupyter.report.phases import PhaseSummary
    from irene_jupyter.report.tables import Bottlenecks
    from irene_jupyter.report.trend import Trend

MIME_TYPE = "application/vnd.irene.energy+json"
SCHEMA_VERSION = 1
KIND = "irene.energy"

Mode = Literal["measure", "predict"]


@dataclass(frozen=True, kw_only=True, repr=False)
class EnergyReport:
    """The energy of the models of one cell (or one call), node by node, in joules.

    `root` is None where no model was built or run. Where several models ran, it is a node of
    class "Cell" over them. `not_run` holds models that were built but never called while
    another one ran, predicted for one forward pass each: they are not in the total.

    `report[path]` is the node at a dotted path. Energies are in joules. Raises `ReportError`
    where the root has no energy.

    >>> import irene_jupyter as irene
    >>> from transformers import BertConfig
    >>> config = BertConfig(
    ...     hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
    ...     vocab_size=100,
    ... )
    >>> report = irene.predict(config, batch_size=1, seq_len=16)
    >>> report
    <EnergyReport: BertModel, ..., GTX 1080 Ti PC>
    >>> table = report.to_dataframe()  # one row a node
    >>> bool(abs(table["own_joules"].sum() - report.total_joules) < 1e-9 * report.total_joules)
    True
    >>> layer = report["encoder.layer.0"]
    >>> [child.name for child in layer.children]
    ['attention', 'intermediate', 'output']
    """

    root: Node | None
    device: DeviceLabel
    mode: Mode = "measure"
    elsewhere: Elsewhere | None = None  # beside an estimate for this machine
    not_run: tuple[Node, ...] = ()
    runs: tuple[RunSummary, ...] = ()
    phases: PhaseSummaries = field(default_factory=PhaseSummaries)  # each with a tree of its own
    parts: Parts | None = None  # of the cell, with what is not in the tree; None if not run
    measured: MeasuredEnergy | None = None  # by this machine's counters; None if not run
    observer: Mapping[str, Any] | None = None  # JSON: seconds that watching took, by stage
    trend: Trend | None = None  # of a long loop
    resources: Mapping[str, Any] | None = None  # JSON values, the unit in each key
    notes: tuple[str, ...] = ()  # warnings, for people
    created: str = ""  # ISO 8601, UTC
    versions: Mapping[str, str] = field(default_factory=dict)
    # The one model's class and configuration as JSON values; None where it is not one of
    # transformers' own.
    configuration: Mapping[str, Any] | None = None
    # What the one model can be built from again, while this session lives; never saved.
    origin: object | None = field(default=None, compare=False)
    switch: Switch | None = field(default=None, compare=False)  # of a live report; never saved

    def __post_init__(self) -> None:
        if self.root is not None and self.root.energy is None:
            raise ReportError("the root has no energy: predict the tree before reporting it")
        if self.phases:
            from irene_jupyter.report.phase_table import phase_basis

            phases = PhaseSummaries(self.phases).resting_on(phase_basis(self))
            object.__setattr__(self, "phases", phases)

    @property
    def total_joules(self) -> float:
        """Energy of the root, in joules; 0 where no model ran."""
        return self.root.energy.joules if self.root is not None and self.root.energy else 0.0

    @property
    def models(self) -> tuple[Node, ...]:
        """The models in the total: the root, or its children where the root is the cell."""
        if self.root is None:
            return ()
        children = self.root.children
        if (
            self.root.class_name == CELL
            and children
            and all(child.type == "model" for child in children)
        ):
            return children
        return (self.root,)

    def __getitem__(self, path: str) -> Node:
        """The node at a dotted path. Raises `KeyError` with the nearest path that exists."""
        if self.root is None and not self.not_run:
            raise KeyError(f"no node {path!r}: the report is empty, no model was built or run")
        missing: KeyError | None = None
        for tree in (self.root, *self.not_run):
            try:
                if tree is not None:
                    return tree.find(path)
            except KeyError as error:
                missing = missing or error
        raise missing or KeyError(path)

    def walk(self) -> Iterator[Node]:
        """All nodes in the total, parents first."""
        return self.root.walk() if self.root is not None else iter(())

    @property
    def predicting(self) -> DeviceLabel:
        """Whose profile tells its models at other settings: beside an estimate, the other one's."""
        return self.device if self.elsewhere is None else self.elsewhere.device

    def on(self, device: str) -> EnergyReport:
        """The same runs on another device: the name of a profile, its path, or "here".

        Nothing runs again. Raises `DeviceError` for an unknown device, `ReportError` where the
        runs are not at hand: in a report from a file, or one of `predict`.
        """
        if self.switch is None:
            raise ReportError(
                "only the report of a cell or of measure(), while its session lives, can be told "
                "for another device; predict(model, device=…) does so for a model"
            )
        return self.switch.on(device)

    # --- tables and files ---------------------------------------------------------------------

    def phase(self, name: str, model: str | None = None) -> PhaseSummary:
        """A phase by its name: its joules and tree.

        Of generate() "prefill" and "decode"; of training "forward", "backward", "optimiser", and
        "evaluation" for what the model did beside it.

        `model` tells which, where several models generated. Raises `ReportError` if there is none.
        """
        from irene_jupyter.report.phases import phase_of

        return phase_of(self, name, model)

    def to_dataframe(self, phase: str | None = None) -> pd.DataFrame:
        """One row for each node in the total; the columns are in `docs/report-format.md`.

        With `phase`, the nodes of that phase alone, and their joules per token.
        """
        from irene_jupyter.report.tables import to_dataframe

        return to_dataframe(self) if phase is None else self.phase(phase).to_dataframe()

    def cost(
        self,
        queries: float = 1e6,
        usd_per_kwh: float = 0.1319,
        pue: float = 1.0,
        country: str | None = None,
        items: int | None = None,
        steps: float | None = None,
    ) -> CostSummary:
        """kWh, USD and, with a `country`, gCO2e for that many queries (paper, table 3).

        A query is one item of the batch, such as a prompt; `items` says how many there were, where
        calls × batch size is not it. With `steps`, of a training with so many. The default price is
        the paper's. `country`, such as "FRA", needs irene-jupyter[carbon]. Raises `ReportError`.
        """
        from irene_jupyter.report.cost_summary import cost_of

        return cost_of(self, queries, usd_per_kwh, pue, country, items, steps)

    def bottlenecks(self) -> Bottlenecks:
        """Energy by class of the modules right above the ml primitives (paper, table 10)."""
        from irene_jupyter.report.tables import bottlenecks

        return bottlenecks(self)

    def advice(self, model: Any = None) -> Advice:
        """What would save energy here: levers with the joules of a query, token or example.

        Nothing is run: each lever is predicted, and shown only where its interval does not include
        "no saving". `model` is needed where the report does not know its own. Raises `OptionError`
        where nothing can be predicted again.

        >>> import irene_jupyter as irene
        >>> from transformers import BertConfig
        >>> report = irene.predict(BertConfig(num_hidden_layers=2), 1, 64, device="h100")
        >>> advice = report.advice()
        >>> advice["batch_size"].after_joules < advice["batch_size"].before_joules
        True
        """
        from importlib import import_module

        # What predicts stands above reports: the one call that goes up, when it is asked for.
        advice: Advice = import_module("irene_jupyter.advising").advise(self, model)
        return advice

    def to_model_card(
        self, cost: CostSummary | None = None, training_type: Training | None = None
    ) -> str:
        """For a README.md on the Hugging Face hub: its metadata, where known, and tables.

        A `training_type` and the `cost` of that training in a country give `co2_eq_emissions`.
        Raises `ReportError` for the one without the other.
        """
        from irene_jupyter.report.model_card import model_card

        return model_card(self, cost, training_type)

    def metrics(self) -> dict[str, float]:
        """Flat numbers for experiment trackers: `mlflow.log_metrics(report.metrics())`."""
        from irene_jupyter.report.metrics import metrics_of

        return metrics_of(self)

    def compare(self, other: EnergyReport) -> Comparison:
        """This report against another, node by node: other minus this one, in J and percent.

        Nodes are paired by path and type, what is left over by class name in order. A difference
        is significant where the 90 % intervals do not overlap. Raises `ReportError` where one of
        them has no tree.

        >>> import irene_jupyter as irene
        >>> from transformers import BertConfig
        >>> config = BertConfig(num_hidden_layers=2)
        >>> comparison = irene.predict(config).compare(irene.predict(config, batch_size=32))
        >>> comparison.root.is_significant
        True
        """
        from irene_jupyter.report.compare import compare

        return compare(self, other)

    def timeline(self) -> pd.DataFrame:
        """The machine while the cell ran, one row for each point in time; empty if not sampled."""
        from irene_jupyter.report.tables import timeline

        return timeline(self)

    def plot_timeline(self) -> TimelineDrawing:
        """The same as a drawing: SVG in a notebook, a line of signs a series in a terminal."""
        from irene_jupyter.report.drawing import TimelineDrawing

        return TimelineDrawing.of(self)

    def to_dict(self) -> dict[str, Any]:
        """This report as strict JSON values, as documented in `docs/report-format.md`."""
        from irene_jupyter.report.runs import run_rows
        from irene_jupyter.report.said import said

        return {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "mode": self.mode,
            "created": self.created,
            "total_joules": self.total_joules,
            "root": None if self.root is None else node_to_dict(self.root),
            "not_run": [node_to_dict(node) for node in self.not_run],
            "configuration": None if self.configuration is None else dict(self.configuration),
            "runs": [run.to_dict() for run in self.runs],
            "run_rows": [row.to_dict() for row in run_rows(self)],
            "phases": [phase.to_dict() for phase in self.phases],
            "device": asdict(self.device),
            "elsewhere": None if self.elsewhere is None else asdict(self.elsewhere),
            "parts": None if self.parts is None else [part.to_dict() for part in self.parts],
            "measured": None if self.measured is None else self.measured.to_dict(),
            "observer": None if self.observer is None else dict(self.observer),
            "trend": None if self.trend is None else self.trend.to_dict(),
            "resources": None if self.resources is None else dict(self.resources),
            "notes": list(self.notes),
            "said": said(self),
            "versions": dict(self.versions),
        }

    @classmethod
    def from_dict(cls, data: Any) -> EnergyReport:
        """The report that `to_dict` wrote. Raises `ReportError` on anything else."""
        from irene_jupyter.report.reader import report_from_dict

        return report_from_dict(data)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as JSON, atomically; returns the absolute path.

        Raises `ReportError` where the folder is missing or cannot be written.
        """
        try:
            text = json.dumps(self.to_dict(), allow_nan=False, ensure_ascii=False)
            data = (text + "\n").encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise ReportError(f"the report holds values that JSON cannot: {error}") from error
        return write_atomic(path, data, ReportError)

    # --- views --------------------------------------------------------------------------------

    def to_graphviz(
        self, depth: int | None = None, fold: bool = True, engine: str = "dot"
    ) -> EnergyGraph:
        """The tree as a `graphviz.Digraph` (paper, figure 5); drawing it needs `dot`.

        `depth` counts levels below the root, `fold` draws identical siblings as one, `engine` is
        one of Graphviz's layouts (dot, twopi, circo, …; `RenderError` for others). A notebook
        shows an icicle where `dot` is missing. To a file: `.render("bert", format="pdf")`.

        >>> import irene_jupyter as irene
        >>> from transformers import BertConfig
        >>> "BertModel" in irene.predict(BertConfig()).to_graphviz(depth=2).source
        True
        """
        from irene_jupyter.report.graph import to_graphviz

        return to_graphviz(self, depth=depth, fold=fold, engine=engine)

    def to_icicle(self, depth: int | None = None, fold: bool = True) -> Icicle:
        """The tree as an icicle in SVG, which needs no other program: `.save("bert.svg")`.

        >>> import irene_jupyter as irene
        >>> from transformers import BertConfig
        >>> irene.predict(BertConfig()).to_icicle(depth=2).svg[:4]
        '<svg'
        """
        from irene_jupyter.report.icicle import icicle_of

        return icicle_of(self, depth=depth, fold=fold)

    def to_html(self, depth: int | None = None, full_page: bool = False) -> str:
        """The tree as html without scripts: a fragment, or a page of its own."""
        from irene_jupyter.report.html import render_html

        return render_html(self, depth=depth, full_page=full_page)

    def __repr__(self) -> str:
        names = ", ".join(model.class_name for model in self.models) or "no model"
        return f"<EnergyReport: {names}, {format_joules(self.total_joules)}, {self.device.label}>"

    def __str__(self) -> str:
        from irene_jupyter.report.text import render_text

        return render_text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """One display in three forms: JSON for our front ends, html, and plain text.

        IPython itself narrows the bundle to `include` and `exclude`.
        """
        from irene_jupyter.report.brief import notebook_json
        from irene_jupyter.report.html import render_html
        from irene_jupyter.report.text import DISPLAY_ROWS, render_text

        return {
            MIME_TYPE: notebook_json(self),
            "text/html": render_html(self),
            "text/plain": render_text(self, max_rows=DISPLAY_ROWS),
        }

    def _mime_(self) -> tuple[str, str]:
        """What marimo shows, which would offer every form of the bundle."""
        return "text/html", self.to_html()
