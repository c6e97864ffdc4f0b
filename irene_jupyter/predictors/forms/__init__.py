"""Features of nodes, and the forms that make joules of them, with their coefficients."""
