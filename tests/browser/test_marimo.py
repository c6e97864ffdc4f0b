"""A marimo app with our report and our widget, in Chromium."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

APP = """\
import marimo

app = marimo.App()


@app.cell
def _():
    import irene_jupyter as irene
    import marimo as mo
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.GELU())
    with irene.EnergyMonitor(irene.Options(budget_seconds=0)) as monitor:
        model(torch.ones(8, 64))
    return irene, mo, monitor


@app.cell
def _(monitor):
    monitor.report
    return


@app.cell
def _(irene, mo, monitor):
    tree = mo.ui.anywidget(irene.EnergyTree(monitor.report))
    tree
    return (tree,)


@app.cell
def _(mo, tree):
    mo.md(f"selected: {tree.value['selected']!r}, {tree.widget.node.class_name}")
    return


if __name__ == "__main__":
    app.run()
"""
START_SECONDS = 60.0


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server with the app."""
    if find_spec("marimo") is None:
        pytest.skip("marimo is not installed: pip install 'irene-jupyter[hosts]'")
    (tmp_path / "app.py").write_text(APP)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "marimo", "run", "app.py", "--headless", "--no-token"]
    log = tmp_path / "log.txt"
    with log.open("w") as output:
        server = subprocess.Popen(
            [*command, "--host=127.0.0.1", f"--port={port}"],
            cwd=tmp_path, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < deadline, log.read_text()
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_a_report_is_html_and_the_widget_is_live(page: Any, address: str) -> None:
    page.set_default_timeout(90_000)  # torch is imported in the app
    foreign: list[str] = []
    page.on("request", lambda request: foreign.append(request.url))
    page.goto(address)
    html = page.locator(".irene-energy details")
    html.first.wait_for()
    assert "Sequential" in html.first.inner_text()
    assert page.locator(".irene-energy .badge").first.is_visible()  # the style sheet counts

    tree = page.locator(".irene-tree")
    tree.wait_for()
    page.get_by_text("selected: ''").wait_for()
    tree.locator(".irene-row", has_text="GELU").click()
    page.get_by_text("selected: '1', GELU").wait_for()
    local = (address, "data:", "blob:", "ws:")
    assert [url for url in foreign if not url.startswith(local)] == []
