"""Runs the example notebooks and keeps their outputs, as they are committed.

    python .ci/refresh_notebooks.py [NAME …]

Reports keep their JSON, so that a notebook of the launcher shows its trees, and the sidebar its
energies, before anything is run. Without widget state: GitHub refuses a notebook whose state is
incomplete, and a stored widget shows nothing where no kernel lives. Without IRENE_DATA: readers
have none.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat

from irene_jupyter.demo import execute

FOLDER = Path(__file__).resolve().parents[1] / "example_notebooks"


def main(names: list[str]) -> None:
    os.environ.pop("IRENE_DATA", None)
    for path in sorted(FOLDER.glob("*.ipynb")):
        if names and path.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            notebook = execute(path, Path(folder), progress=print)
        # The minor version of Python differs from machine to machine, and says nothing.
        notebook.metadata.get("language_info", {}).pop("version", None)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1:])
