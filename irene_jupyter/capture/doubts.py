"""What is not known of a node's work, in the words that people read.

A node with such a flag is estimated with a wide interval, whatever else was counted of it.
"""

from __future__ import annotations

# The flag of a tree that could not be traced without values, and was not given the user's.
INVENTED = "estimated: its code looks at values, and it was traced on values of our own"


def unknown(what: str) -> str:
    """The flag of a node of whose operations some, `what`, could not be counted."""
    return f"estimated: operations of {what} are not known; counted by its bytes"


def uncounted(why: str) -> str:
    """The flag of a node whose work was counted on another call than its own."""
    return f"estimated: {why}"
