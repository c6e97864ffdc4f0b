"""The units in which power is told: how many watts each of them is."""

from __future__ import annotations

UNITS = {"W": 1.0, "kW": 1000.0, "mW": 0.001}
