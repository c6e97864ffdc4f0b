"""The paper's methods by name; light, as the command line lists them."""

from __future__ import annotations

STORED = ("irene", "stepwise", "predicted-sum")  # those that a device profile keeps
# Those that the feature ablations are about; the others' features are what defines them.
ABLATED = frozenset({*STORED, "unstructured"})
# Those that start at random; the others give the same with every seed.
SEEDED = frozenset({"irene", "stepwise"})
