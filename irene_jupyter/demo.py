"""Running a notebook in a real kernel of this Python, as `irene-jupyter demo` does.

Needs the extra `lab` (nbclient, nbconvert); imported by the command only.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from irene_jupyter.errors import IreneError
from irene_jupyter.files import write_atomic

FIRST_NOTEBOOK = "01_first_look.ipynb"
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
REPORT_MIME = "application/vnd.irene.energy+json"
_CELL_TIMEOUT_SECONDS = 600
# What %%energy says while a slow machine keeps it waiting.
_PROGRESS = re.compile(r"%%energy: replaying \d+ of \d+ operations\n?")
# Its warnings, such as that TCP on this very machine is not encrypted, help nobody here.
_KERNEL_OPTIONS = ("-f", "{connection_file}", "--log-level=ERROR")


class NotebookError(IreneError):
    """A notebook is missing, or a cell of it failed; `notebook` is it as far as it came."""

    def __init__(self, message: str, notebook: Any = None) -> None:
        super().__init__(message)
        self.notebook = notebook


def find_notebook(name: str = FIRST_NOTEBOOK) -> Path:
    """An example notebook: inside the installed package, or in the checkout beside it.

    Raises `NotebookError` where neither has it.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "example_notebooks", package.parent / "example_notebooks"):
        if (folder / name).is_file():
            return folder / name
    raise NotebookError(
        f"the example notebook {name} is not part of this installation: "
        "install irene-jupyter again, from its wheel or a checkout"
    )


def execute(path: Path, folder: Path, progress: Callable[[str], None] | None = None) -> Any:
    """The notebook at `path`, run from top to bottom with `folder` as the current folder.

    The kernel is this interpreter's own, whatever kernels are installed. Widget state is
    left out, so that the outputs show wherever the notebook is opened. A failing cell raises
    `NotebookError`.
    """
    try:
        import nbformat
        from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    except ImportError as error:
        raise IreneError(
            f"running a notebook needs {error.name}: pip install 'irene-jupyter[lab]'"
        ) from error

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> Any:
            return KernelSpec(
                argv=[sys.executable, "-m", "ipykernel_launcher", *_KERNEL_OPTIONS],
                display_name="Python 3",
                language="python",
            )

    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code_cells:  # a run that stops half-way must not show outputs of an older one
        cell.update(outputs=[], execution_count=None)
    total = len(code_cells)
    done = iter(range(1, total + 1))

    def report_progress(**_: Any) -> None:
        if progress is not None:
            progress(f"{path.name}: cell {next(done)} of {total}")

    client = NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_spec_manager=ThisPython()),
        timeout=_CELL_TIMEOUT_SECONDS,
        store_widget_state=False,
        coalesce_streams=True,
        on_cell_execute=report_progress,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(cleanup_kc=True)  # which ends the kernel, as we brought our own manager
    except CellExecutionError as error:
        message = f"a cell of {path.name} failed: {error.ename}: {error.evalue}"
        raise NotebookError(message, notebook) from error
    except (CellTimeoutError, DeadKernelError) as error:
        raise NotebookError(f"{path.name} did not finish: {error}", notebook) from error
    finally:
        strip(notebook)
    return notebook


def strip(notebook: Any) -> None:
    """Removes what only a live kernel can show, and what differs from one run to the next."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        kept = []
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if data.pop(WIDGET_MIME, None) is not None and set(data) <= {"text/plain"}:
                continue  # a progress bar: its text is Python's repr of the widget
            if output.get("name") == "stderr":
                output.text = _PROGRESS.sub("", output.text)
            if output.get("name") != "stderr" or output.text:
                kept.append(output)
        if "outputs" in cell:
            cell.outputs = kept


def reports(notebook: Any) -> Iterator[dict[str, Any]]:
    """The JSON of every energy report among the outputs, in order."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if REPORT_MIME in output.get("data", {}):
                yield output["data"][REPORT_MIME]


def to_html(notebook: Any) -> str:
    """The notebook as one page that needs no network and no script of others."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        # Without embed_images: it would unfold all <details>, and outputs are embedded anyway.
        template_name="lab",
        mathjax_url="",
        require_js_url="",
        jquery_url="",
        mermaid_js_url="",
        mermaid_layout_elk_js_url="",
        jupyter_widgets_base_url="",
        widget_renderer_url="",
    )
    body, _ = exporter.from_notebook_node(notebook)
    return str(body)


def write(notebook: Any, folder: Path, name: str = FIRST_NOTEBOOK) -> tuple[Path, Path]:
    """Writes the notebook and its html into `folder`; their paths."""
    import nbformat

    target = folder / name
    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    written = write_atomic(target, text.encode(), IreneError)
    page = write_atomic(target.with_suffix(".html"), to_html(notebook).encode(), IreneError)
    return written, page


def open_lab(path: Path) -> int:
    """JupyterLab on the notebook at `path`, until the user stops it; its exit code."""
    lab = subprocess.Popen([sys.executable, "-m", "jupyterlab", str(path)])
    while True:
        try:
            return lab.wait()
        except KeyboardInterrupt:  # JupyterLab got it as well, and asks whether to stop
            continue
