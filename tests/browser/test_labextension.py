"""The JupyterLab extension: toolbar toggle, sidebar, status bar, file viewer, launcher."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import pytest
from chromium import AXE, ROOT
from lab_driver import (
    REPORT_MIME,
    execute,
    open_notebook,
    open_path,
    open_without_kernel,
    run_cell,
)
from tree_data import energy_node, energy_report, small_report

playwright = pytest.importorskip("playwright.sync_api")

SOURCE = """() => {
  const { activeCell } = window.jupyterapp.shell.currentWidget.content;
  return activeCell.model.sharedModel.getSource();
}"""
HOSTILE = "<img src=x onerror=boom()>"
ACTIVE = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
DARK = "JupyterLab Dark"


def other_report(joules: float = 12.0) -> dict[str, Any]:
    """The small report's model with a heavier embedding, made later."""
    nodes = [energy_node("embeddings", "BertEmbeddings", joules - 9.0)]
    nodes.append(energy_node("encoder", "BertEncoder", 9.0))
    root = energy_node("", "BertModel", joules, nodes, type="model")
    return energy_report(root, created="2026-02-02T00:00:00+00:00")


def hostile_report() -> dict[str, Any]:
    root = energy_node("", HOSTILE + "\u202e" * 20 + "x" * 10_000, 1.0, type="model")
    return energy_report(root, created=HOSTILE, device={"label": HOSTILE, "kind": "reference"})


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots are left, to be looked at: IRENE_SCREENSHOTS or a temporary folder."""
    folder = os.environ.get("IRENE_SCREENSHOTS")
    place = Path(folder) if folder else tmp_path_factory.mktemp("screenshots")
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture
def check_access(page: Any) -> Callable[[str], None]:
    """`check_access(selector)`: axe-core finds no violation in all that match each part."""
    if not AXE.is_file():
        pytest.skip("run `npm ci --ignore-scripts` in labextension/ for axe-core")

    def check(selector: str) -> None:
        if not page.evaluate("Boolean(window.axe)"):
            page.add_script_tag(path=AXE)
        violations = page.evaluate(
            """async (selector) => {
              const found = selector.split(",").map((part) => [...document.querySelectorAll(part)]);
              if (found.some((each) => each.length === 0)) return [`nothing matches ${selector}`];
              const include = found.flat();
              const { violations } = await axe.run({ include });
              return violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]);
            }""",
            selector,
        )
        assert violations == []

    return check


def measured_notebook(page: Any, lab: tuple[str, Path], name: str) -> None:
    """Four measured cells, the last with names to beware of, and no kernel."""
    cells = [
        ("import torch", None),
        ("%%energy\nwith torch.inference_mode():\n    bert(tokens)", small_report()),
        ("%%energy\nbert(longer)", other_report()),
        ("# of a GPT\n%%energy\ngpt2(tokens)", other_report(30.0) | {"created": "2026-01-15"}),
        (f"%%energy\n'{HOSTILE}\u202e'", hostile_report()),
    ]
    open_without_kernel(page, lab, name, cells)
    page.locator('[data-irene="static"] .irene-tree').first.wait_for(timeout=60_000)


def test_the_toggle_adds_and_removes_the_magic_in_one_step(
    page: Any, lab: tuple[str, Path], pictures: Path
) -> None:
    open_notebook(page, lab, "toggle.ipynb", ("%load_ext irene_jupyter", "x = 1", ""))
    page.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    button = page.locator(".jp-cell-toolbar").get_by_role("button", name="Measure energy")
    button.wait_for()
    assert button.get_attribute("aria-pressed") == "false"
    page.keyboard.press("End")
    page.keyboard.type("0")
    button.click()
    assert page.evaluate(SOURCE) == "%%energy\nx = 10"
    page.wait_for_selector('.jp-cell-toolbar [aria-pressed="true"]')
    page.screenshot(path=pictures / "toggle.png")
    execute(page, "notebook:undo")
    assert page.evaluate(SOURCE) == "x = 10"  # neither less nor more
    execute(page, "notebook:redo")
    assert page.evaluate(SOURCE) == "%%energy\nx = 10"
    button.click()
    assert page.evaluate(SOURCE) == "x = 10"
    # Options go with the magic, and the palette has the same command.
    page.evaluate(
        """window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel
          .setSource("\\n%%energy --depth 3\\nx = 2")"""
    )
    execute(page, "irene-jupyter:measure-cell")
    assert page.evaluate(SOURCE) == "\nx = 2"
    # An empty cell has nothing to measure.
    page.locator(".jp-CodeCell").nth(2).locator(".cm-content").click()
    page.wait_for_function(
        """() => document.querySelectorAll(".jp-CodeCell")[2]
          .querySelector('[data-command="irene-jupyter:measure-cell"]')
          ?.getAttribute("aria-disabled") === "true" """
    )


def test_the_first_toggle_offers_to_load_the_extension(page: Any, lab: tuple[str, Path]) -> None:
    open_notebook(
        page, lab, "load.ipynb", ("x = 1", "print(get_ipython().find_cell_magic('energy'))")
    )
    execute(page, "irene-jupyter:measure-cell")
    page.get_by_role("button", name="Add and run it").click()
    page.wait_for_function(
        "() => /[0-9]/.test(document.querySelector('.jp-CodeCell .jp-InputPrompt').textContent)"
    )
    sources = page.locator(".jp-CodeCell .cm-content").all_inner_texts()
    assert sources[:2] == ["%load_ext irene_jupyter", "%%energy\nx = 1"]
    assert "None" not in run_cell(page, 2)


def test_the_sidebar_lists_jumps_and_compares(
    page: Any, lab: tuple[str, Path], check_access: Callable[[str], None], pictures: Path
) -> None:
    measured_notebook(page, lab, "history.ipynb")
    status = page.locator(".irene-lab-status")
    status.wait_for()
    assert status.inner_text().strip() == "12.0 J predicted"  # made last, not the lowest cell
    execute(page, "irene-jupyter:show-history")
    panel = page.locator("#irene-jupyter-history")
    rows = panel.locator(".irene-history-row")
    rows.first.wait_for()
    assert rows.count() == 4
    assert rows.nth(3).locator(".irene-history-line").inner_text().startswith(HOSTILE)
    assert page.locator("img[src=x]").count() == 0
    assert [part.strip() for part in rows.nth(0).inner_text().splitlines() if part.strip()] == [
        "[2]",
        "10.0 J",
        "predicted",
        "BertModel · 8×128",
    ]
    # Of a cell's own words the first that does something are there to hover over.
    lines = [row.get_attribute("title").splitlines()[0] for row in rows.locator("button").all()]
    assert lines[:3] == ["bert(tokens)", "bert(longer)", "gpt2(tokens)"]
    assert panel.get_by_role("button", name="Compare").is_disabled()
    page.screenshot(path=pictures / "sidebar.png")
    check_access("#irene-jupyter-history, .irene-lab-status")

    # With keys only: the panel has the focus, the rows are buttons and boxes.
    assert page.evaluate("document.activeElement.className") == "irene-history-jump"
    for key in ("Tab", "Tab", "Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    page.wait_for_function(f"() => {ACTIVE} === 3")
    assert page.locator(".jp-Cell.jp-mod-active").is_visible()
    # The cell has the focus a moment later.
    page.wait_for_function("() => document.activeElement.closest('.jp-Notebook')")

    boxes = panel.get_by_role("checkbox")
    boxes.nth(0).focus()
    page.keyboard.press("Space")
    assert "one more" in panel.get_by_role("status").inner_text()
    boxes.nth(2).check()
    boxes.nth(1).check()  # the third: the first one is given up
    assert [box.is_checked() for box in boxes.all()] == [
        False,
        True,
        True,
        False,
    ]
    panel.get_by_role("button", name="Compare").click()
    comparison = page.locator(".irene-lab-comparison")
    comparison.wait_for()
    text = comparison.inner_text()
    assert "12.0 J" in text
    assert "30.0 J" in text
    page.screenshot(path=pictures / "comparison.png")
    check_access(".irene-lab-comparison")

    # The status bar leads back to its cell.
    page.get_by_role("tab", name="history.ipynb").click()
    page.locator(".irene-lab-status-button").click()
    page.wait_for_function(f"() => {ACTIVE} === 2")


def test_what_did_not_run_is_no_last_energy_of_the_notebook(
    page: Any, lab: tuple[str, Path]
) -> None:
    """A prediction stands in the sidebar, not in the status bar; a what-if in neither."""
    late = {"created": "2027-01-01"}
    cells = [
        ("%%energy\nbert(tokens)", small_report(), {}),
        ("irene.predict(bert)", other_report(30.0) | late | {"mode": "predict"}, {}),
        ("irene.explore(bert)", other_report(40.0) | late, {"what_if": True}),
    ]
    notebook = nbformat.v4.new_notebook()
    for source, report, metadata in cells:
        output = nbformat.v4.new_output(
            "display_data", data={REPORT_MIME: report}, metadata={REPORT_MIME: metadata}
        )
        notebook.cells.append(nbformat.v4.new_code_cell(source, outputs=[output]))
    nbformat.write(notebook, lab[1] / "what_if.ipynb")
    open_path(page, lab, "what_if.ipynb")
    page.get_by_role("dialog").get_by_role("button", name="No Kernel").click(timeout=60_000)
    status = page.locator(".irene-lab-status")
    status.wait_for()
    assert status.inner_text().strip() == "10.0 J predicted"
    execute(page, "irene-jupyter:show-history")
    rows = page.locator("#irene-jupyter-history .irene-history-row")
    rows.first.wait_for()
    assert [("30.0 J" in row.inner_text()) for row in rows.all()] == [False, True]


def test_in_the_dark(
    page: Any, lab: tuple[str, Path], check_access: Callable[[str], None], pictures: Path
) -> None:
    measured_notebook(page, lab, "dark.ipynb")
    execute(page, "irene-jupyter:show-history")
    page.locator(".irene-history-row").first.wait_for()
    execute(page, "apputils:change-theme", theme=DARK)
    try:
        page.wait_for_selector('[data-jp-theme-light="false"]', state="attached")
        page.wait_for_function(
            """() => getComputedStyle(document.querySelector(".irene-tree"))
              .backgroundColor.match(/\\d+/g).slice(0, 3).every((part) => part < 60)"""
        )
        page.wait_for_selector("#jupyterlab-splash", state="detached")
        page.screenshot(path=pictures / "dark.png")
        check_access(".irene-tree, #irene-jupyter-history, .irene-lab-status")
    finally:
        execute(page, "apputils:change-theme", theme="JupyterLab Light")


def test_keys_in_a_tree_without_a_kernel_are_no_shortcuts(page: Any, lab: tuple[str, Path]) -> None:
    measured_notebook(page, lab, "keys.ipynb")
    tree = page.locator(".irene-tree").first
    tree.locator(".irene-row").first.click()
    for key in ("a", "b", "x", "d", "d", "Home", "ArrowDown"):
        page.keyboard.press(key)
    assert tree.locator(".irene-row:focus .irene-label").text_content() == "embeddings"
    assert page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length") == 5


def test_each_plugin_can_be_disabled(page: Any, lab: tuple[str, Path]) -> None:
    names = [f"irene-jupyter:{name}" for name in ("toolbar", "history", "status", "launcher")]

    def disable(route: Any) -> None:
        answer = route.fetch()
        before = answer.text()
        after = before.replace(
            '"disabledExtensions": []', f'"disabledExtensions": {json.dumps(names)}'
        )
        assert after != before
        route.fulfill(response=answer, body=after)

    page.route("**/lab/workspaces/**", disable)
    measured_notebook(page, lab, "disabled.ipynb")
    commands = page.evaluate(
        "window.jupyterapp.commands.listCommands().filter((id) => id.startsWith('irene-jupyter:'))"
    )
    assert commands == ["irene-jupyter:cancel-calibration"]
    assert page.locator("#irene-jupyter-history, .irene-lab-status").count() == 0
    page.locator(".jp-cell-toolbar").first.wait_for()
    assert page.locator(".jp-cell-toolbar [data-command^='irene-jupyter']").count() == 0


def test_a_saved_report_opens_as_a_tree(
    page: Any, lab: tuple[str, Path], check_access: Callable[[str], None], pictures: Path
) -> None:
    file = lab[1] / "run.energy.json"
    file.write_text(json.dumps(small_report()))
    open_path(page, lab, file.name)
    tree = page.locator(".jp-MimeDocument .irene-tree")
    tree.wait_for(timeout=60_000)
    assert tree.locator(".irene-label").first.text_content() == "BertModel"
    assert page.locator("#irene-jupyter-history .irene-history-row").count() == 0
    page.screenshot(path=pictures / "file.png")
    check_access(".jp-MimeDocument .irene-tree")
    # As text where somebody wants to see it.
    factories = page.evaluate(
        """window.jupyterapp.docRegistry.preferredWidgetFactories("run.energy.json")
          .map(({ name }) => name)"""
    )
    assert factories[0] == "Energy tree"
    assert {"Editor", "JSON"} <= set(factories)


def test_a_damaged_file_is_told_and_nothing_breaks(page: Any, lab: tuple[str, Path]) -> None:
    (lab[1] / "damaged.energy.json").write_text('{"kind": "irene.energy", ')
    open_path(page, lab, "damaged.energy.json")
    shown = page.locator(".jp-MimeDocument .irene-tree")
    shown.wait_for(timeout=60_000)
    assert "Not shown" in shown.inner_text()
    assert page.locator(".jp-Dialog").count() == 0


def test_the_launcher_copies_a_teaching_notebook(
    page: Any, lab: tuple[str, Path], pictures: Path
) -> None:
    index = json.loads((ROOT / "example_notebooks" / "index.json").read_text())
    folder = lab[1] / "lessons"
    folder.mkdir()
    page.goto(f"{lab[0]}lab/workspaces/launcher/tree/lessons")
    cards = page.locator(".jp-LauncherCard[data-category='Energy']")
    cards.first.wait_for(timeout=60_000)
    titles = [str(title).strip() for title in cards.all_inner_texts()]
    assert titles == [f"{number}. {each['title']}" for number, each in enumerate(index, 1)]
    page.screenshot(path=pictures / "launcher.png")
    cards.first.click()
    name = index[0]["file"]
    page.wait_for_selector(".jp-NotebookPanel .jp-OutputArea-output", timeout=60_000)
    copied = nbformat.read(folder / name, as_version=4)
    shipped = nbformat.read(ROOT / "example_notebooks" / name, as_version=4)
    assert [cell.source for cell in copied.cells] == [cell.source for cell in shipped.cells]
    # A second copy does not write over the first.
    execute(page, "irene-jupyter:copy-example", file=name, cwd="lessons")
    assert sorted(path.name for path in folder.glob("*.ipynb")) == [
        name.replace(".ipynb", "-2.ipynb"),
        name,
    ]


def test_the_palette_has_the_commands(page: Any, lab: tuple[str, Path]) -> None:
    open_notebook(page, lab, "palette.ipynb", ("import time\ntime.sleep(300)", "print('here')"))
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-cell')")
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="busy"]')
    field = page.locator(".lm-CommandPalette-input")
    found = page.locator(".lm-CommandPalette-item.lm-mod-active")
    found = found.filter(has_text="Cancel the Calibration")
    for _ in range(5):  # up to 4.3 a new notebook may take the focus again, which shuts the palette
        execute(page, "apputils:activate-command-palette")
        with suppress(playwright.TimeoutError):
            field.fill("cancel the calibration", timeout=2_000)
            found.wait_for(timeout=2_000)
            break
    field.press("Enter")
    page.get_by_text("KeyboardInterrupt").first.wait_for()
    assert run_cell(page, 1) == "here"
