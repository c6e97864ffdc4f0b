"""What the tree takes in a browser: large trees all open, search, scrolling, a changing report.

    python tests/benchmarks/tree_view.py

Medians of several runs in headless Chromium, from the call to the painted frame after it: CPU time
of the page's thread, which also runs the layout, and the time that passed. The targets, in CPU
time: 10,000 nodes all opened, sorted, another unit, a search, following, each within 100 ms; an
update of 1,000 nodes, as the what-if explorer makes them, within 100 ms.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "browser"))
from chromium import ARGUMENTS, PROGRAMS, STATIC  # noqa: E402
from tree_data import energy_node, energy_report, large_report  # noqa: E402

RUNS = 7
RUN = """
const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
const run = (code) => new Function("place", "report", "view", "lib", code)(
  document.getElementById("tree"), window.report, window.view, window.lib);
"""
SETUP = f"""async (code) => {{ {RUN}
  window.view?.dispose();
  window.view = run(code);
  await frame(); await frame();
}}"""
ACTION = f"""async (code) => {{ {RUN}
  const began = performance.now();
  run(code);
  await frame();
  return performance.now() - began;
}}"""
OPEN = "return lib.renderTree(place, report, { expandedDepth: 9 })"
CLOSED = "return lib.renderTree(place, report, { expandedDepth: 0 })"
TYPE = """const field = place.querySelector("input");
field.value = TEXT; field.dispatchEvent(new Event("input"));"""
SELECT = """const list = place.querySelector('select[data-menu="LIST"]');
list.value = "VALUE"; list.dispatchEvent(new Event("change"));"""
FOLLOW = "place.querySelector('[title^=\"Open the path\"]').click()"
CASES = {
    "10,000 nodes: drawn all open": (10_000, "return null", OPEN),
    "10,000 nodes: button All": (10_000, CLOSED, "view.setDepth(9)"),
    "10,000 open: sort": (
        10_000,
        OPEN,
        SELECT.replace("LIST", "sort").replace("VALUE", "energy"),
    ),
    "10,000 open: unit": (10_000, OPEN, "view.setUnit('mJ')"),
    "10,000 open: search 'leaf8' (200 rows)": (10_000, OPEN, TYPE.replace("TEXT", "'leaf8'")),
    "10,000 open: follow the energy": (10_000, OPEN, FOLLOW),
    "10,000 open: scroll to the end": (
        10_000,
        OPEN,
        "place.querySelector('.irene-scroll').scrollTop = 1e6",
    ),
    "3,000 nodes: drawn all open": (3000, "return null", OPEN),
    "3,000 nodes: drawn closed": (3000, "return null", CLOSED),
    "3,000 nodes: button All": (3000, CLOSED, "view.setDepth(9)"),
    "3,000 open: search 'leaf8' (200 rows)": (3000, OPEN, TYPE.replace("TEXT", "'leaf8'")),
    "3,000 open: search 'block299.leaf8'": (3000, OPEN, TYPE.replace("TEXT", "'block299.leaf8'")),
    "3,000 open: scroll to the end": (
        3000,
        OPEN,
        "place.querySelector('.irene-scroll').scrollTop = 1e6",
    ),
    "3,000 open: select the last": (3000, OPEN, "view.select('block299.leaf8')"),
    "3,000 nodes: icicle": (3000, CLOSED, "view.setView('icicle')"),
    "1,000 nodes, two levels: update": (
        1000,
        "return lib.renderTree(place, report, { expandedDepth: 2 })",
        "view.update(report)",
    ),
    "1,000 nodes, all open: update": (1000, OPEN, "view.update(report)"),
}


def block_report() -> dict[str, Any]:
    """Some 1,000 nodes as a transformer has them: 40 alike layers."""
    layers = [
        energy_node(
            f"layer.{at}", "Layer", 1.0,
            [energy_node(f"layer.{at}.part{part}", "Linear", 0.04) for part in range(24)],
        )
        for at in range(40)
    ]  # fmt: skip
    return energy_report(energy_node("", "Model", 40.0, layers, type="model"))


def main() -> None:
    import shutil

    program = next(filter(None, map(shutil.which, PROGRAMS)))
    reports = {10_000: large_report(1000), 3000: large_report(), 1000: block_report()}
    page_source = "<!doctype html><link rel=stylesheet href=/widget.css><div id=tree></div>"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 1100, "height": 800})

        def answer(route: Any) -> None:
            name = route.request.url.rpartition("/")[2]
            if name in ("widget.js", "widget.css"):
                kind = "text/javascript" if name.endswith("js") else "text/css"
                route.fulfill(path=STATIC / name, content_type=kind)
            else:
                route.fulfill(body=page_source, content_type="text/html")

        page.route("**/*", answer)
        page.goto("http://irene.test/")
        page.evaluate("async () => { window.lib = await import('/widget.js'); }")
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def cpu_seconds() -> float:
            found = session.send("Performance.getMetrics")["metrics"]
            return next(each["value"] for each in found if each["name"] == "TaskDuration")

        print(f"{'':<40}      CPU  painted  (median of {RUNS}, ms)")
        for name, (size, setup, action) in CASES.items():
            page.evaluate("report => { window.report = report }", reports[size])
            times = []
            for _ in range(RUNS):
                page.evaluate(SETUP, setup)
                before = cpu_seconds()
                painted = page.evaluate(ACTION, action)
                times.append((1000 * (cpu_seconds() - before), painted))
            cpu, painted = (statistics.median(column) for column in zip(*times, strict=True))
            print(f"{name:<40} {cpu:8.0f} {painted:8.0f}")
        browser.close()


if __name__ == "__main__":
    main()
