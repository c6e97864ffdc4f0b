"""The house: an arrow never runs up, and heavy or hosted packages stay behind their doors."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "irene_jupyter"
# From the ground up; rooms of one floor do not know each other, except on the ground floor.
FLOORS = (
    {"errors", "limits", "tree", "tree_json", "merging", "frames", "apart"}
    | {"checker", "columns", "files", "versions"},
    {"resources"},
    {"capture", "predictors", "report", "meters"},
    {"attribution", "room", "options", "host_pace"},
    {"assembly"},
    {"measurement", "predicting", "calibration", "doctor", "demo"},
    {"sweeps", "device_comparison", "whatif", "history"},
    {"situation"},
    {"levers"},
    {"advising"},
    {"commands"},
    {"notebook", "cli"},
)
# Within a room, likewise.
ROOMS = {
    "capture": (
        {"count"},
        {"copies", "in_place"},
        {"record", "inputs", "models"},
        {"training"},
        {"watch", "repeat"},
        {"dry", "training_runs"},
        {"gather"},
    ),
    "meters": (
        {"base"},
        {"errors"},
        {"meter"},
        {"counters", "emonpi", "plugs"},
        {"logs", "emulator"},
        {"opening"},
    ),
    "calibration": (
        {"errors"},
        {"signal"},
        {"workload"},
        {"running"},
        {"fit"},
        {"board_calibration"},
        {"calibrate"},
    ),
    "attribution": (
        {"process_share"},
        {"apportion"},
        {"leveling", "whole_step", "estimate", "by_time"},
        {"step_parts"},
        {"cell"},
        {"board_times"},
        {"board_division"},
        {"model_energy"},
        {"trending"},
    ),
    "predictors": (
        {"forms"},
        {"profiles"},
        {"predict"},
        {"held_out"},
        {"baselines"},
        {"fit"},
        {"methods"},
        {"remarks"},
        {"evaluate"},
    ),
}
# And in the front end: files that stand beside these rooms put them together.
FRONT_END = PACKAGE.parent / "labextension" / "src" / "tree"
FRONT_ROOMS = ({"data", "grid"}, {"rows"}, {"draw"})
DOORS = {
    "IPython": {"notebook"},
    "ipywidgets": {"notebook"},
    "anywidget": {"notebook"},
    "codecarbon": {"report/cost_summary.py"},
    "psutil": {"resources/processes.py", "resources/processor.py"},
    "pynvml": {"resources/nvml.py"},
    "serial": {"meters/emonpi/transport.py"},
    "urllib.request": {"meters/plugs/http_door.py"},
    "pickle": set(),
}
FILES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Modules that a file imports when it runs; not those for type checkers alone."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def floor(room: str, floors: tuple[set[str], ...] = FLOORS) -> int:
    return next(number for number, rooms in enumerate(floors) if room in rooms)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_and_through_the_doors(path: Path) -> None:
    place = path.relative_to(PACKAGE)
    room = place.parts[0].removesuffix(".py")
    for name in imports(path):
        top, _, below = name.partition(".")
        for door in {top, name} & DOORS.keys():
            assert {room, place.as_posix()} & DOORS[door], f"{place} imports {name}"
        if top == "irene_jupyter" and below and room != "__init__":
            other = below.split(".")[0]
            if other != room and (floor(room), floor(other)) != (0, 0):
                assert floor(other) < floor(room), f"{place} imports {name}"


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_down_within_a_room(room: str) -> None:
    floors = ROOMS[room]
    for path in sorted((PACKAGE / room).rglob("*.py")):
        own = path.relative_to(PACKAGE / room).parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        for name in imports(path):
            other = name.removeprefix(f"irene_jupyter.{room}.").split(".")[0]
            if name.startswith(f"irene_jupyter.{room}.") and other != own:
                assert floor(other, floors) < floor(own, floors), f"{path.name} imports {name}"


def test_imports_go_down_within_the_front_end() -> None:
    for path in sorted(FRONT_END.glob("*/*.ts")):
        own = path.parent.name
        for name in re.findall(r'from "(\.[^"]+)"', path.read_text()):
            other = (path.parent / name).resolve().relative_to(FRONT_END).parts[0]
            if other != own:
                assert floor(other, FRONT_ROOMS) < floor(own, FRONT_ROOMS), f"{path} imports {name}"
