"""A calibration's progress in a real JupyterLab: what is seen while it runs, and what stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chromium import AXE
from lab_driver import ERRORS, RUN_CELL, execute, open_notebook

CALIBRATE = "%irene_calibrate --meter simulated --suite quick --name room --rounds 3"
VIOLATIONS = """async () => (await axe.run(".jp-OutputArea")).violations
  .map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`)"""


def test_progress_is_seen_and_read_and_words_stay_after_an_interrupt(
    page: Any, lab: tuple[str, Path]
) -> None:
    page.set_default_timeout(120_000)  # torch is imported in the cell
    open_notebook(page, lab, "calibration.ipynb", (f"%load_ext irene_jupyter\n{CALIBRATE}",))
    page.evaluate(RUN_CELL, 0)
    output = page.locator(".jp-CodeCell .jp-OutputArea").first
    bar = output.locator(".widget-hprogress")
    bar.wait_for()
    output.get_by_text(" left · ").wait_for()
    assert "SIMULATED" in output.inner_text()
    if AXE.is_file():
        page.add_script_tag(path=AXE)
        for theme in ("JupyterLab Light", "JupyterLab Dark"):
            execute(page, "apputils:change-theme", theme=theme)
            assert page.evaluate(VIOLATIONS) == [], theme
    execute(page, "irene-jupyter:cancel-calibration")
    output.get_by_text("interrupted").first.wait_for()
    bar.wait_for(state="detached")  # words take its place
    text = output.inner_text()
    assert not [error for error in (*ERRORS, "Traceback") if error in text]
