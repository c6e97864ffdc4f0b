"""Work that is known to have been done and not what it was: flags on the nodes of a tree.

A node with such a flag is estimated with a wide interval, whatever else was counted of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


def unknown(what: str) -> str:
    """The flag of a node whose operations, or some of them, could not be counted."""
    return f"estimated: operations of {what} are not known; counted by its bytes"
