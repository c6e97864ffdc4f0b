"""Whether somebody who can draw a widget looks at what a cell shows.

nbclient runs the notebooks of papermill, nbconvert, Quarto and Jupyter Book. It answers widgets
as a front end does and stores their state, but what draws them then comes from the network:
offline such an output is blank, since every host prefers it to the html beside it. Nor do
consoles draw any.

All of these speak to the kernel by jupyter_client, which numbers its requests within a session
("SESSION_PID_1") and names no cell. JupyterLab, Notebook 7 and VS Code name the cell; they, Colab
and other pages make ids of their own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

# Voilà runs the cells by nbclient, too, but for a page in which their widgets then live.
_VOILA = "VOILA_BASE_URL"


def draws_widgets() -> bool:
    """Whether the cell that runs was asked for by a front end in which a widget can live.

    True where nothing is known of it, as without IPython.
    """
    from IPython.core.getipython import get_ipython

    request = getattr(get_ipython(), "parent_header", None)
    header, metadata = _part(request, "header"), _part(request, "metadata")
    session = header.get("session")
    numbered = bool(session) and str(header.get("msg_id")).startswith(f"{session}_")
    return not numbered or "cellId" in metadata or _VOILA in os.environ


def _part(request: Any, name: str) -> Mapping[str, Any]:
    part = request.get(name) if isinstance(request, Mapping) else None
    return part if isinstance(part, Mapping) else {}
