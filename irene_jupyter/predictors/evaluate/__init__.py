"""Cross-validation of any method, and its figures."""
