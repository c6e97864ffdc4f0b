"""What is installed: a light import, all public names, and the wheel's contents."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

import irene_jupyter

HEAVY = (
    "torch",
    "transformers",
    "pandas",
    "sklearn",
    "scipy",
    "numpy",
    "IPython",
    "ipywidgets",
    "anywidget",
    "graphviz",
    "rich",
    "pynvml",
)

EXTENSION = (
    f"irene_jupyter-{irene_jupyter.__version__}.data/data/share/jupyter/labextensions/irene-jupyter"
)


@pytest.fixture(scope="module")
def project(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / "pyproject.toml").read_text())


@pytest.mark.parametrize("module", ["irene_jupyter", "irene_jupyter.cli"])
def test_import_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", irene_jupyter.__all__)
def test_public_names_resolve(name: str) -> None:
    assert getattr(irene_jupyter, name) is not None
    assert name in dir(irene_jupyter)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        irene_jupyter.no_such_name  # noqa: B018


def test_versions_agree(project: dict[str, Any], repository: Path) -> None:
    assert project["project"]["version"] == irene_jupyter.__version__
    assert f"## {irene_jupyter.__version__}" in (repository / "CHANGELOG.md").read_text()


def test_constraints_pin_what_the_project_asks_for(
    project: dict[str, Any], repository: Path
) -> None:
    pins = {}
    for line in (repository / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            # No local build such as +cpu, which only some indexes have, and no path.
            match = re.fullmatch(r"([a-z0-9-]+)==([\w.]+)", line)
            assert match, line
            pins[match[1]] = match[2]
    assert pins["torch"] == "2.13.0"
    wanted = list(project["project"]["dependencies"])
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    names = {re.match(r"[\w-]+", each)[0].lower() for each in wanted}  # type: ignore[index]
    assert names - {"irene-jupyter"} <= set(pins)


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a freshly built wheel."""
    pytest.importorskip("hatchling", reason="building a wheel needs hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    code = f"from hatchling.build import build_wheel; print(build_wheel({str(folder)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.namelist()


@pytest.mark.parametrize(
    "name",
    [
        "irene_jupyter/py.typed",
        "irene_jupyter/predictors/profiles/devices/gtx1080ti.json",
        "irene_jupyter/predictors/profiles/devices/h100.json",
        "irene_jupyter/report/compare.css",
        "irene_jupyter/report/html.css",
        "irene_jupyter/static/widget.js",
        "irene_jupyter/example_notebooks/01_first_look.ipynb",
        f"{EXTENSION}/package.json",
        f"{EXTENSION}/install.json",
        f"{EXTENSION}/schemas/irene-jupyter/toolbar.json",
        f"{EXTENSION}/example_notebooks/index.json",
        f"{EXTENSION}/example_notebooks/01_first_look.ipynb",
    ],
)
def test_the_wheel_holds_what_the_package_needs(wheel: list[str], name: str) -> None:
    assert name in wheel


def test_the_wheel_holds_nothing_else(wheel: list[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    info = f"irene_jupyter-{irene_jupyter.__version__}"
    assert tops <= {"irene_jupyter", f"{info}.dist-info", f"{info}.data"}
    strange = [n for n in wheel if re.search(r"(^|/)(tests?|node_modules|__pycache__)/", n)]
    assert strange == []
    assert any(name.endswith("licenses/LICENSE") for name in wheel)
    assert any(name.endswith("entry_points.txt") for name in wheel)


def test_the_extension_is_shipped_whole_and_once(wheel: list[str], repository: Path) -> None:
    source = repository / "irene_jupyter" / "labextension"
    files = [path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()]
    assert files
    assert {f"{EXTENSION}/{name}" for name in files} <= set(wheel)
    assert [name for name in wheel if name.startswith("irene_jupyter/labextension/")] == []
