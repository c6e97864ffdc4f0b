"""Inputs for models that nobody has called yet."""
