"""The README, tour and guides word by word, as a new user would: each page is one notebook."""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pages import blocks
from real_kernels import Kernel, kernels

DOCS = Path(__file__).resolve().parents[2] / "docs"
PROGRESS = re.compile(r"%%energy: replaying \d+ of \d+ operations\n?")  # of a slow machine
GUIDES = sorted(f"guides/{page.name}" for page in (DOCS / "guides").glob("*.md"))
PAGES = ["../README.md", "tour.md", "training.md", *GUIDES]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reader")


@pytest.fixture(scope="module")
def start(home: Path) -> Iterator[Callable[[], Kernel]]:
    """Starts kernels whose folder, and all settings, are `home`."""
    with kernels(home) as start:
        yield start


@pytest.mark.parametrize("name", PAGES)
def test_every_cell_runs(start: Callable[[], Kernel], name: str) -> None:
    cells = blocks(DOCS / name, "python")
    assert cells, f"{name} has no python blocks"
    kernel = start()
    try:
        for code in cells:
            done = kernel.run(code)
            assert done.ok, f"{name}:\n{code}\n{done.traceback}"
            warned = PROGRESS.sub("", done.stream("stderr"))
            assert "%%energy:" not in warned, warned
            if code.startswith("%%energy"):
                assert done.displays, f"{name} shows nothing for:\n{code}"
    finally:
        kernel.stop()


def test_the_tours_commands_run(start: Callable[[], Kernel], home: Path) -> None:
    """After its cells, in the same folder."""
    if not (home / "bert.energy.json").exists():
        test_every_cell_runs(start, "tour.md")
    lines = [line for block in blocks(DOCS / "tour.md", "sh") for line in block.splitlines()]
    assert lines
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "irene-jupyter"
        command = [sys.executable, "-m", "irene_jupyter.cli", *arguments]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert " J" in done.stdout


def test_commands_on_all_pages_exist(repository: Path) -> None:
    """Every `irene-jupyter COMMAND` of a page is one, with these options."""
    from irene_jupyter import cli

    parser = cli.parser()
    pages = [repository / "README.md", *DOCS.rglob("*.md")]
    unknown = []
    found = 0
    for page in pages:
        for block in blocks(page, "sh"):
            for line in block.splitlines():
                words = shlex.split(line, comments=True)
                if not words or not words[0].endswith("irene-jupyter") or "[" in line:
                    continue
                with contextlib.suppress(SystemExit):
                    parser.parse_args(words[1:])
                    found += 1
                    continue
                unknown.append(f"{page.name}: {line}")
    assert unknown == []
    assert found > 5
