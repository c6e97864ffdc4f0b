"""One run of a cell under `%%energy`: measure the block, then keep and show the report."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from irene_jupyter.errors import IreneError
from irene_jupyter.notebook.cell_options import CellOptions
from irene_jupyter.notebook.display import attempt, complain, say, show
from irene_jupyter.notebook.live_line import LiveLine
from irene_jupyter.report.observer import with_display

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from torch import nn

    from irene_jupyter.notebook.live_trees import LiveTrees
    from irene_jupyter.report.report import EnergyReport

VARIABLE = "_energy"  # the user's name for the last report, as `_` is for the last output


class CellSession:
    """The context manager around the user's statements.

    After the block the report is in `_energy` and wherever `options` say. The user's
    exception always goes through; trouble of our own is one line on stderr.
    """

    def __init__(self, shell: InteractiveShell, options: CellOptions, trees: LiveTrees) -> None:
        from irene_jupyter.measurement import EnergyMonitor

        self._shell = shell
        self._options = options
        self._trees = trees
        # A cell that shows nothing in the end shows nothing before.
        self._live = LiveLine(shell) if options.is_live and options.view != "none" else None
        try:
            self._monitor = EnergyMonitor(
                options.measure,
                models=self._models,
                namespace=shell.user_ns,
                progress=say,
                each_sample=self._live,
            )
        except IreneError as error:
            raise UsageError(f"%%energy: {error}") from None

    def __enter__(self) -> CellSession:
        try:
            self._monitor.__enter__()
        except IreneError as error:  # the cell does not run
            raise UsageError(f"%%energy: {error}") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        is_interrupted = False
        try:
            try:
                self._monitor.__exit__(kind, error, traceback)
            except KeyboardInterrupt:  # there is a report of what was done until then
                is_interrupted = True
            self._show(self._monitor.report, error)
        except KeyboardInterrupt:
            is_interrupted = True
        except Exception as own:
            self._shell.user_ns.pop(VARIABLE, None)  # an older cell's report would mislead
            complain("no report", own)
        finally:
            if self._live is not None:
                self._live.settle("the cell did not end" if error else "there is no tree")
        if is_interrupted and error is None:  # else what the cell raised comes first
            # An error still, so that cells which wait do not run; but without a traceback.
            raise UsageError("%%energy: stopped; the cell itself had ended") from None

    def _show(self, report: EnergyReport, error: BaseException | None) -> None:
        """Keep the report, show it where the cell raised no `error`, and save it."""
        self._keep(report)
        if error is None:
            began = time.perf_counter()
            place = None if self._live is None else self._live.take()
            attempt(
                "not shown",
                lambda: show(self._shell, report, self._options, self._trees, place),
            )
            if self._options.view != "none":
                self._keep(with_display(report, time.perf_counter() - began))
        kept = self._shell.user_ns[VARIABLE]
        if (path := self._options.save) is not None:
            attempt("not saved", lambda: kept.save(path))
        if error is None:
            return
        if report.root is not None:
            say(f"the cell raised; what ran until then is in `{self._options.output or VARIABLE}`")

    def _keep(self, report: EnergyReport) -> None:
        self._shell.user_ns[VARIABLE] = report
        if self._options.output is not None:
            self._shell.user_ns[self._options.output] = report

    def _models(self) -> list[nn.Module]:
        """The models named on the line, found after the cell, which may have made them."""
        found: list[nn.Module] = []
        for expression in self._options.models:
            try:
                value = eval(expression, self._shell.user_global_ns, self._shell.user_ns)
            except Exception as error:
                say(f"{expression}: {type(error).__name__}: {error}; left out")
                continue
            found += _modules(expression, value)
        if self._options.models and not found:
            say("none of the models on the line was found; the report shows all")
        return found


def _modules(expression: str, value: Any) -> list[nn.Module]:
    """`value` if it is a model; the model inside, if it is a pipeline or the like."""
    from torch import nn

    for candidate in (value, getattr(value, "model", None)):
        if isinstance(candidate, nn.Module):
            return [candidate]
    say(f"{expression} is no torch model but a {type(value).__name__}; left out")
    return []
