"""What is not known of a node, in the words that people read."""

from __future__ import annotations


def unknown(what: str) -> str:
    """The flag of a node of which `what` ran and could not be counted."""
    return f"estimated: what {what} did could not be counted"


def uncounted(why: str) -> str:
    """The flag of a node whose work was counted on another call than its own."""
    return f"estimated: {why}"
