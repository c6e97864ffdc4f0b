"""Measured trees → a device profile."""
