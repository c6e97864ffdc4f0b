"""Trees of what did not run: built, compiled, other sizes, generations."""
