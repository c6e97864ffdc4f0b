"""Sphinx: the site from the pages of this folder and the package's docstrings.

    python -m sphinx -W --keep-going -b html docs site

Nothing is fetched while building, and the pages ask for nothing from elsewhere.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from irene_jupyter import __version__

project = "irene_jupyter"
author = "the irene_jupyter developers"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["*.template.md", "_build"]

myst_heading_anchors = 3  # as GitHub: links to #headings work in both
default_role = "code"  # docstrings write `names` as Markdown does
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88

html_theme = "furo"  # system fonts, no CDN
html_title = f"irene_jupyter {version}"
html_show_copyright = False
html_copy_source = False
html_theme_options = {"footer_icons": []}
