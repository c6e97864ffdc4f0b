"""A static JupyterLite site with our extension: saved trees and report files, without a kernel."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import Any

import nbformat
import pytest
from chromium import ROOT
from lab_driver import REPORT_MIME
from tree_data import small_report


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site with a notebook and a report in it."""
    if find_spec("jupyterlite_core") is None:
        pytest.skip("jupyterlite-core is not installed: pip install 'irene-jupyter[hosts]'")
    base = tmp_path_factory.mktemp("jupyterlite")
    # Of this checkout, and no other: an editable install copies it as it was on that day.
    extension = base / "irene-jupyter"
    shutil.copytree(ROOT / "irene_jupyter" / "labextension", extension)
    how = {"ignore_sys_prefix": True, "federated_extensions": [str(extension)]}
    (base / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": how}))
    files = base / "files"
    files.mkdir()
    report = small_report()
    (files / "run.energy.json").write_text(json.dumps(report))
    cell = nbformat.v4.new_code_cell("report", execution_count=1)
    data = {REPORT_MIME: report, "text/html": "<p>html</p>", "text/plain": "text"}
    cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), files / "saved.ipynb")
    subprocess.run(
        [sys.executable, "-m", "jupyter", "lite", "build", "--contents=files", "--output-dir=site"],
        cwd=base, check=True, capture_output=True, timeout=200,
    )  # fmt: skip
    handler = functools.partial(_Quiet, directory=str(base / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def local(page: Any, lite: str) -> Iterator[Any]:
    """A page that asks nobody but the site."""
    foreign: list[str] = []
    page.on("request", lambda request: foreign.append(request.url))
    page.set_default_timeout(60_000)
    yield page
    assert [url for url in foreign if not url.startswith((lite, "data:", "blob:"))] == []


def assert_explorable(page: Any) -> None:
    tree = page.locator(".irene-tree")
    tree.wait_for()
    assert tree.count() == 1
    assert tree.locator(".irene-label").first.text_content() == "BertModel"
    assert "10.0 J" in tree.inner_text()
    tree.locator(".irene-row", has_text="pooler").click()
    assert tree.locator(".irene-detail-path").text_content() == "pooler"


def test_a_report_opens_as_a_tree(local: Any, lite: str) -> None:
    local.goto(f"{lite}/lab/index.html?path=run.energy.json")
    assert_explorable(local)


def test_a_saved_notebook_shows_its_tree(local: Any, lite: str) -> None:
    local.goto(f"{lite}/lab/index.html?path=saved.ipynb")
    local.get_by_role("dialog").get_by_role("button", name="No Kernel").click()
    assert_explorable(local)
