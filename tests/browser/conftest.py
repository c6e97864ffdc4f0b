"""A headless Chromium, a page with the pure view, and a JupyterLab of the tests' own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from chromium import ARGUMENTS, AXE, FRONT_END, PROGRAMS, ROOT, STATIC

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

SITE = "http://irene.test"  # never resolved: every request is answered below
# No inline script or style: the view must not need any, and a hostile name must not run.
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>An energy report</title>
<meta name="color-scheme" content="light dark"><link rel="stylesheet" href="/widget.css">
<link rel="stylesheet" href="/comparison.css">
<div id="tree"></div></html>"""
SERVED = {
    "widget.js": (STATIC / "widget.js", "text/javascript"),
    "widget.css": (STATIC / "widget.css", "text/css"),
    "comparison.css": (FRONT_END / "src" / "tree" / "draw" / "comparison.css", "text/css"),
    "axe.js": (AXE, "text/javascript"),
}
START_SECONDS = 60.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """For one file: until playwright ends, an event loop runs here that others would trip over."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no browser: install one of {', '.join(PROGRAMS)}")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page; a script error in it fails the test."""
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    page = context.new_page()
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def site(page: Any) -> Any:
    """A page that has the bundle, under a strict policy, and nothing drawn yet."""

    def answer(route: Any) -> None:
        name = route.request.url.removeprefix(SITE).lstrip("/")
        headers = {"Content-Security-Policy": POLICY}
        if not name:
            route.fulfill(body=PAGE, content_type="text/html", headers=headers)
        elif name in SERVED:
            path, kind = SERVED[name]
            route.fulfill(path=path, content_type=kind, headers=headers)
        else:
            route.abort()

    page.route("**/*", answer)
    page.goto(SITE)
    return page


@pytest.fixture
def violations(site: Any) -> Callable[[], list[str]]:
    """What axe-core finds wrong with what is drawn: rule and elements."""
    if not AXE.is_file():
        pytest.skip("run `npm ci --ignore-scripts` in labextension/ to check with axe-core")

    def check() -> list[str]:
        if not site.evaluate("'axe' in window"):
            site.add_script_tag(url="/axe.js")
        found = site.evaluate("async () => (await axe.run('#tree')).violations")
        return [
            f"{each['id']}: {[node['html'][:200] for node in each['nodes'][:3]]}" for each in found
        ]

    return check


@pytest.fixture
def draw(site: Any) -> Callable[..., Any]:
    """`draw(report, **options)` shows a report with the pure view."""

    def draw(report: Any, **options: Any) -> Any:
        site.evaluate(
            """async ([report, options]) => {
              const { renderTree } = await import("/widget.js");
              window.events = [];
              const tell = (name) => (value) => window.events.push([name, value]);
              window.view = renderTree(document.getElementById("tree"), report, {
                ...options,
                onSelect: tell("select"), onDepth: tell("depth"), onUnit: tell("unit"),
                onView: tell("view"), onPhase: tell("phase"),
                ...(options.onAdvice && { onAdvice: tell("advice") }),
              });
            }""",
            [report, options],
        )
        return site

    return draw


@pytest.fixture(scope="session")
def comparison_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The comparison as a script: no widget holds it, and JupyterLab's bundle is no module."""
    program, esbuild = shutil.which("node"), FRONT_END / "node_modules" / "esbuild"
    if program is None or not esbuild.is_dir():
        pytest.skip("run `npm ci --ignore-scripts` in labextension/ to draw comparisons here")
    script = tmp_path_factory.mktemp("comparison") / "comparison.js"
    options = ("--bundle", "--format=esm", "--target=es2022", f"--outfile={script}")
    source = FRONT_END / "src" / "tree" / "comparison.ts"
    subprocess.run(
        [program, str(esbuild / "bin" / "esbuild"), str(source), *options],
        check=True, capture_output=True,
    )  # fmt: skip
    return script


@pytest.fixture
def compare(site: Any, comparison_script: Path) -> Callable[..., Any]:
    """`compare(before, after, **options)` shows two reports against each other."""
    site.route(
        "**/comparison.js",
        lambda route: route.fulfill(path=comparison_script, content_type="text/javascript"),
    )

    def compare(before: Any, after: Any, **options: Any) -> Any:
        site.evaluate(
            """async ([before, after, options]) => {
              const { renderComparison } = await import("/comparison.js");
              const place = document.getElementById("tree");
              window.events = [];
              const tell = (name) => (value) => window.events.push([name, value]);
              window.view = renderComparison(place, before, after, {
                ...options, onSelect: tell("select"), onUnit: tell("unit"),
              });
            }""",
            [before, after, options],
        )
        return site

    return compare


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A JupyterLab server: its address, and the folder that it serves."""
    if find_spec("jupyterlab") is None or find_spec("ipykernel") is None:
        pytest.skip("jupyterlab is not installed: pip install 'irene-jupyter[lab]'")
    base = tmp_path_factory.mktemp("jupyterlab")
    work = base / "work"
    work.mkdir()
    settings = base / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    # As the wheel installs it; an editable install copies it as it was on that day.
    extension = base / "share" / "labextensions" / "irene-jupyter"
    shutil.copytree(ROOT / "irene_jupyter" / "labextension", extension)
    shutil.copytree(ROOT / "example_notebooks", extension / "example_notebooks")
    environment = os.environ | {
        "JUPYTER_PATH": str(base / "share"),
        "JUPYTER_CONFIG_DIR": str(base / "config"),
        "JUPYTER_DATA_DIR": str(base / "data"),
        "JUPYTER_RUNTIME_DIR": str(base / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(base / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(base / "workspaces"),
        "IPYTHONDIR": str(base / "ipython"),
    }
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", f"--ServerApp.root_dir={work}"),
        *("--LabApp.expose_app_in_browser=True", "--IdentityProvider.token="),
        "--JupyterNotebookApp.expose_app_in_browser=True",
        *("--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"),
    ]
    log = base / "log.txt"
    with log.open("w") as output:
        server = subprocess.Popen(
            command, cwd=work, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield _address(server, base / "runtime", log), work
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:  # seen once on a loaded machine
            server.kill()
            server.wait()


def _address(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Where the server listens, as it writes to its runtime folder."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                return str(json.loads(path.read_text())["url"])
            except ValueError:  # half written
                break
        time.sleep(0.1)
    server.kill()
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")
