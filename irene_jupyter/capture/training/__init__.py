"""A training step: what its backward pass and its optimiser do at each node of the forward's tree."""
