"""The site builds without a warning, asks nobody for anything, and no link in it is dead."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import anchors, links

ROOT = Path(__file__).resolve().parents[2]
# As people read them on GitHub; results.md is written from its template.
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if "template" not in page.name),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sphinx", reason="building the site needs irene-jupyter[docs]")
    pytest.importorskip("furo", reason="building the site needs irene-jupyter[docs]")
    pytest.importorskip("myst_parser", reason="building the site needs irene-jupyter[docs]")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    command += ["-d", str(folder / "doctrees"), str(ROOT / "docs"), str(folder / "html")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_it_builds_and_has_all_pages(site: Path) -> None:
    for page in PAGES[2:]:
        name = page.relative_to(ROOT / "docs").with_suffix(".html")
        assert (site / name).is_file(), name
    reference = (site / "reference.html").read_text(encoding="utf-8")
    import irene_jupyter

    for name in irene_jupyter.__all__:
        if name != "__version__":
            assert f'id="irene_jupyter.{name}"' in reference, f"{name} is not in the reference"


def test_it_loads_nothing_from_elsewhere(site: Path) -> None:
    loads = re.compile(
        r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"'](?:https?:)?//"
        r"|<link\b[^>]*\brel=[\"'](?:stylesheet|preconnect|preload)[\"'][^>]*href=[\"'](?:https?:)?//"
    )
    for page in site.rglob("*.html"):
        assert not loads.search(page.read_text(encoding="utf-8")), page.name
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"(@import\s+|url\()[\"']?(https?:)?//", text), style.name


def test_links_within_the_site(site: Path) -> None:
    """Also those that Sphinx makes itself: in the reference, the index, the table of contents."""
    ids: dict[Path, set[str]] = {}
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        ids[page] = set(re.findall(r'\bid="([^"]+)"', text))
    for page in ids:
        for target in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', page.read_text(encoding="utf-8")):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            place = (page.parent / path).resolve() if path else page
            assert place.exists(), f"{page.name}: {target}"
            if anchor and place in ids:
                assert anchor in ids[place], f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_on_github(page: Path) -> None:
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), f"{page.name}: {target}"
        assert place.is_relative_to(ROOT), f"{page.name}: {target} leaves the repository"
        if anchor and place.suffix == ".md":
            assert anchor in anchors(place), f"{page.name}: {target}"
