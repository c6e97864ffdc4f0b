"""Features in, joules out."""
