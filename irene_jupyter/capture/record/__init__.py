"""One call of a model as a tree."""
