"""`%%energy` typed at a terminal IPython: the same behaviour, the tree as text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SETUP = """\
%load_ext irene_jupyter
import torch; torch.set_num_threads(1)
model = torch.nn.Sequential(torch.nn.Linear(8, 8))
x = torch.ones(2, 8)
"""


def typed(lines: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Type `lines` at IPython's prompt; it wants two blank lines at the end of a `%%` cell."""
    command = [
        sys.executable,
        "-m",
        "IPython",
        "--simple-prompt",
        "--no-banner",
        "--colors=NoColor",
    ]
    return subprocess.run(
        command,
        input=SETUP + lines.replace("\n\n", "\n\n\n"),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=folder,
        env={**os.environ, "IPYTHONDIR": str(folder / "ipython"), "PYTHONIOENCODING": "utf-8"},
    )


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One session's stdout, with marks between its cells."""
    done = typed(
        """\
print("mark one")
%%energy
y = model(x)
6 * 7

print("mark two")
%%energy
7 * 7;

print("mark three")
%%energy
import asyncio
await asyncio.sleep(0, "awaited")

print("mark four")
%%energy --depth 0
ran = True

print("mark five")
%%energy
y = model(x)
1 / 0

print("mark six", _energy.total_joules > 0, "ran" in globals())
%%energy --view report
model(x);

print("mark seven")
%unload_ext irene_jupyter
%%energy
ran = True

print("mark eight", "ran" in globals())
""",
        tmp_path_factory.mktemp("terminal"),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + "\nmark" + done.stderr


def part(session: str, name: str) -> str:
    """What was printed after `mark NAME`, up to the next mark."""
    return session.split(f"mark {name}")[1].split("mark")[0]


def test_tree_as_text_and_result(session):
    shown = part(session, "one")
    assert "Sequential" in shown
    assert "GTX 1080 Ti PC" in shown
    assert "42" in shown
    assert "vnd.irene" not in shown


def test_no_model_and_semicolon(session):
    assert "No PyTorch model was built or run" in part(session, "two")
    assert "49" not in part(session, "two")


def test_await(session):
    assert "'awaited'" in part(session, "three")


def test_bad_option(session):
    assert "UsageError" in session
    assert "--depth: must be a whole number from 1 on, not '0'" in session


def test_error(session):
    shown = part(session, "five")
    assert "----> 3 1 / 0" in shown
    assert "irene_jupyter" not in shown
    assert part(session, "six").lstrip().startswith("True False")


def test_report_view_is_text_here(session):
    assert part(session, "six").count("Sequential") == 1


def test_unloaded(session):
    assert "Cell magic `%%energy` not found" in session
    assert part(session, "eight").lstrip().startswith("False")
