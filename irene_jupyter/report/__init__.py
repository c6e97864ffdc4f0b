"""A tree with joules in, something to look at out."""
