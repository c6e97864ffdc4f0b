"""A cell: which models it built and called, how often, and in which phase."""
