"""torch runs in, model trees with features out."""
