"""What a meter said, kept as CSV."""
