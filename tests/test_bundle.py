"""The committed front-end bundles belong to the sources in labextension/."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "labextension"
STATIC = ROOT / "irene_jupyter" / "static"
EXTENSION = ROOT / "irene_jupyter" / "labextension"
BUNDLES = ("widget.js", "widget.css")
# anywidget saves the script with each widget, once per widget: keep it small.
MOST_SCRIPT_BYTES = 60_000


def source_hash() -> str:
    """The same hash as in labextension/sources.mjs."""
    folders = (SOURCES / "src", SOURCES / "schema")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    listed = re.search(r"FILES = \[(.*?)\]", (SOURCES / "sources.mjs").read_text(), re.DOTALL)
    assert listed
    files += [SOURCES / name for name in re.findall(r'"([^"]+)"', listed[1])]
    digest = hashlib.sha256()
    for name in sorted(path.relative_to(SOURCES).as_posix() for path in files):
        text = (SOURCES / name).read_text(encoding="utf-8").replace("\r\n", "\n")
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()[:16]


@pytest.fixture(scope="module")
def node() -> str:
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed, so the bundle cannot be rebuilt here")
    if not (SOURCES / "node_modules" / "esbuild").is_dir():
        pytest.skip("run `npm ci --ignore-scripts` in labextension/ to rebuild the bundle here")
    return program


@pytest.mark.parametrize("name", BUNDLES)
def test_bundle_was_built_from_these_sources(name: str) -> None:
    first_line = (STATIC / name).read_text(encoding="utf-8").splitlines()[0]
    built_from = re.search(r"sources ([0-9a-f]{16}) ", first_line)
    assert built_from, f"{name} has no banner"
    assert built_from[1] == source_hash(), "run `npm run build` in labextension/"


def test_script_is_small_and_never_parses_markup_or_loads_anything() -> None:
    script = (STATIC / "widget.js").read_bytes()
    assert len(script) < MOST_SCRIPT_BYTES
    forbidden = rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|https?://"
    # The name of SVG's namespace looks like an address, and is none.
    assert not re.search(forbidden, script.replace(b"http://www.w3.org/2000/svg", b""))
    assert b"url(" not in (STATIC / "widget.css").read_bytes()


def test_extension_was_built_from_these_sources() -> None:
    metadata = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    assert metadata["sources"] == source_hash(), "run `npm run build` in labextension/"


def test_extension_holds_what_it_names_and_loads_nothing_from_elsewhere() -> None:
    metadata = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    assert (EXTENSION / metadata["jupyterlab"]["_build"]["load"]).is_file()
    for path in EXTENSION.rglob("*.js"):
        addresses = set(re.findall(r"https?://[\w.]+", path.read_text(encoding="utf-8")))
        assert addresses <= {"http://www.w3.org"}, path  # the namespace of SVG


def test_lockfile_holds_no_address_of_a_registry() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))
    packages = [package for path, package in lock["packages"].items() if path]
    assert packages
    assert all(package["integrity"] for package in packages)
    assert not any("resolved" in package for package in packages)


def test_rebuilding_gives_the_same_bytes(node: str, tmp_path: Path) -> None:
    subprocess.run([node, "build.mjs", str(tmp_path)], cwd=SOURCES, check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(BUNDLES)
    for name in BUNDLES:
        assert (tmp_path / name).read_bytes() == (STATIC / name).read_bytes(), name


def test_the_front_end_passes_its_own_tests() -> None:
    """`npm test`: the view and its models in vitest, without a browser."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, so the front end's own tests cannot run here")
    if not (SOURCES / "node_modules" / "vitest").is_dir():
        pytest.skip("run `npm ci --ignore-scripts` in labextension/ to run the front end's tests")
    done = subprocess.run([npm, "test"], cwd=SOURCES, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_rebuilding_the_extension_elsewhere_gives_the_same_bytes(node: str, tmp_path: Path) -> None:
    copy = tmp_path / "labextension"
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(SOURCES / "node_modules", target_is_directory=True)
    subprocess.run([node, "build_lab.mjs"], cwd=copy, check=True)

    def files(folder: Path) -> dict[str, bytes]:
        found = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}

    built, committed = files(tmp_path / "irene_jupyter" / "labextension"), files(EXTENSION)
    assert sorted(built) == sorted(committed)
    assert [name for name in built if built[name] != committed[name]] == []


def test_sources_pass_the_type_checker(node: str) -> None:
    compiler = SOURCES / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [node, str(compiler), "--noEmit", "-p", "."], cwd=SOURCES, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
