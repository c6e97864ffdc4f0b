"""explore() in a real JupyterLab: a slider that is moved with the keyboard moves the joules.

With IRENE_SCREENSHOT=FILE.png the test leaves a picture of it.
"""

from __future__ import annotations

import os
from typing import Any

from chromium import AXE
from lab_driver import open_notebook, run_cell

EXPLORE = """\
import irene_jupyter as irene
from transformers import BertConfig
explorer = irene.explore(BertConfig(num_hidden_layers=3), batch_size=8, seq_len=128)
explorer"""
READ = "print(explorer.batch_size, explorer.against, explorer.error == '')"
BAD = "explorer.seq_len = 4096"
# All but the handles of ipywidgets' sliders, which have no name; the field beside each has one.
VIOLATIONS = """async () => {
  const where = { include: [".jp-OutputArea"], exclude: [".noUi-handle"] };
  const { violations } = await axe.run(where);
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
}"""


def test_sliders_move_the_tree_and_the_plot(page: Any, lab: tuple[str, Any]) -> None:
    page.set_default_timeout(60_000)  # torch and transformers are imported in the cell
    open_notebook(page, lab, "explore.ipynb", (EXPLORE, READ, BAD))
    run_cell(page, 0)
    page.locator(".irene-tree").wait_for()
    now = page.locator('.widget-html svg text[font-weight="bold"]')
    now.wait_for()
    assert now.text_content() == "8"  # against the batch
    total = page.locator(".irene-row").first
    before = total.text_content()

    handles = page.locator(".noUi-handle")
    shown = [handles.nth(place).is_visible() for place in range(handles.count())]
    assert shown == [True, True, False]  # not that of new tokens: BERT does not generate
    handle = handles.first
    handle.press("ArrowRight")
    page.wait_for_function(
        """() => document.querySelector('.widget-html svg text[font-weight="bold"]')
          .textContent === "9" """
    )
    page.wait_for_function(
        "before => document.querySelector('.irene-row').textContent !== before", arg=before
    )
    assert run_cell(page, 1) == "9 batch_size True"
    if AXE.is_file():
        page.add_script_tag(path=AXE)
        assert page.evaluate(VIOLATIONS) == []

    if picture := os.environ.get("IRENE_SCREENSHOT"):
        page.evaluate("window.jupyterapp.shell.collapseLeft()")
        page.screenshot(path=picture)
    run_cell(page, 2)
    alert = page.get_by_role("alert").filter(has_text="positions")
    alert.wait_for()
    assert "choose a shorter one" in alert.text_content()
    assert page.locator(".irene-row").first.is_visible()
    if picture:
        alert.scroll_into_view_if_needed()
        page.screenshot(path=picture.replace(".png", "-error.png"))

    # The kernel goes: its widgets are gone, and the tree as it was first shown is there.
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.locator('[data-irene="static"] .irene-tree').wait_for()
    assert page.locator(".irene-tree").count() == 1
    assert page.locator(".noUi-handle").count() == 0
    assert "Error displaying widget" not in page.locator(".jp-OutputArea").first.inner_text()
    if picture:
        page.screenshot(path=picture.replace(".png", "-gone.png"))
