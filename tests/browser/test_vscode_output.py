"""Our outputs in a notebook of VS Code, by what its sources say of outputs and renderers.

`extensions/ipynb/src/deserializers.ts` orders the forms of an output; the first that has a
renderer is drawn. The renderer of widgets gives the next one the turn, by an error of the name
`vscode.fallbackToNextRenderer`, where no kernel has the model. No VS Code is run here.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from tree_data import small_report

import irene_jupyter as irene

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
ORDER = (
    *("application/vnd.*", "application/vdom.*", "application/geo+json"),
    *("application/x-nteract-model-debug+json", "text/html", "application/javascript"),
    *("image/gif", "text/latex", "text/markdown", "image/png", "image/svg+xml", "image/jpeg"),
    *("application/json", "text/plain"),
)
# Of VS Code itself and of its Jupyter extension; no vendor's type has another.
RENDERED = (WIDGET_MIME, "text/html", "image/png", "image/svg+xml", "text/plain")
# Of the frame that holds outputs: styles may be inline, nothing of the network is needed.
POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'"
FRAME = f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>outputs</title>
<body style="background:#1e1e1e;color:#d4d4d4"><div class="output_container"></div></body></html>"""
RENDER = "html => { document.querySelector('.output_container').innerHTML = html; }"


def drawn(bundle: dict[str, Any], models: set[str]) -> str:
    """The form of an output that is drawn while a kernel has these widgets' `models`."""
    ranks = {mime: min(i for i, each in enumerate(ORDER) if fnmatch(mime, each)) for mime in bundle}
    for mime in sorted(bundle, key=ranks.__getitem__):
        if mime == WIDGET_MIME and bundle[mime]["model_id"] not in models:
            continue
        if mime in RENDERED:
            return mime
    raise AssertionError("an empty output")


@pytest.fixture
def tree() -> irene.EnergyTree:
    return irene.EnergyTree(small_report())


def test_the_widget_while_its_kernel_lives_else_html(tree: irene.EnergyTree) -> None:
    bundle, _ = tree._repr_mimebundle_()
    assert drawn(bundle, {tree.model_id}) == WIDGET_MIME
    assert drawn(bundle, set()) == "text/html"
    assert drawn(tree.report._repr_mimebundle_(), set()) == "text/html"


def test_the_html_is_a_tree_in_its_frame(page: Any, tree: irene.EnergyTree) -> None:
    page.context.set_offline(True)
    page.set_content(FRAME)
    page.evaluate(RENDER, tree.report._repr_mimebundle_()["text/html"])
    output = page.locator(".irene-energy")
    assert "BertModel" in output.inner_text()
    rows = output.locator("ul.root").first.locator("li:visible")
    number = rows.count()
    assert number > 3
    for expected in (1, number):
        output.locator("summary").first.click()
        assert rows.count() == expected
    bar = output.locator(".b span:visible").first
    assert bar.bounding_box()["width"] > 20  # the style sheet and the inline styles count
    ink = output.locator(".total").evaluate("element => getComputedStyle(element).color")
    assert ink == "rgb(212, 212, 212)"  # the theme's own


def test_what_draws_widgets_is_installed_beside_the_kernel() -> None:
    """VS Code looks there before it asks a network."""
    assert (Path(sys.prefix) / "share/jupyter/nbextensions/anywidget/index.js").is_file()
