"""Prints the one shell command that a section of README.md begins with.

python .ci/readme_command.py "Test it"
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def command(section: str, readme: str) -> str:
    """The line in the fenced block right below `## section`; `SystemExit` if it is not so."""
    pattern = rf"^## {re.escape(section)}\n+```sh\n([^\n]+)\n```$"
    found = re.search(pattern, readme, re.MULTILINE)
    if found is None:
        sys.exit(f"README.md: '## {section}' does not begin with one fenced shell command")
    return found[1]


if __name__ == "__main__":
    print(command(sys.argv[1], README.read_text(encoding="utf-8")))
