"""What is left out of training, and how well it is predicted."""
