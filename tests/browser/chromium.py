"""The browser of the tests, how it is started, and the files that it is given."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "irene_jupyter" / "static"
FRONT_END = ROOT / "labextension"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# There after `npm ci --ignore-scripts` in labextension/.
AXE = FRONT_END / "node_modules" / "axe-core" / "axe.min.js"
