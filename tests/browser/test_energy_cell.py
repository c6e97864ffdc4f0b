"""The product in one sitting: `%%energy` over a transformer in a real JupyterLab.

With IRENE_SCREENSHOT=FILE.png the test leaves a picture of it, as the README shows:

    IRENE_SCREENSHOT=docs/images/tree.png python -m pytest tests/browser/test_energy_cell.py
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lab_driver import open_notebook, run_cell

LOAD = """\
%load_ext irene_jupyter
import torch
from transformers import BertConfig, BertModel

bert = BertModel(BertConfig()).eval()
tokens = torch.randint(0, 30522, (8, 128))"""
MEASURE = """\
%%energy --output report
with torch.inference_mode():
    bert(tokens)"""
READ = "print(report['encoder.layer.0'].class_name, len(report.runs))"


def test_the_tree_of_bert_is_below_the_cell(page: Any, lab: tuple[str, Path]) -> None:
    page.set_default_timeout(120_000)  # torch and transformers are imported in the cell
    open_notebook(page, lab, "energy.ipynb", (LOAD, MEASURE, READ))
    run_cell(page, 0)
    run_cell(page, 1)
    tree = page.locator(".irene-tree")
    tree.wait_for()
    assert tree.count() == 1
    text = str(tree.text_content())
    assert text.index(" this machine (") < text.index("GTX 1080 Ti PC")
    labels = tree.locator(".irene-label").all_text_contents()
    assert labels[:2] == ["BertModel", "embeddings"]
    assert run_cell(page, 2) == "BertLayer 1"
    tree.get_by_role("button", name="Follow the energy").click()
    picture = os.environ.get("IRENE_SCREENSHOT")
    if picture:
        page.evaluate("window.jupyterapp.shell.collapseLeft()")
        page.set_viewport_size({"width": 1180, "height": 1000})
        page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
        page.wait_for_timeout(500)  # for the layout to settle
        page.screenshot(path=picture)
        assert Path(picture).stat().st_size > 0
