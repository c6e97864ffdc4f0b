"""A training step: its backward pass and its optimiser at each node of the forward tree."""
