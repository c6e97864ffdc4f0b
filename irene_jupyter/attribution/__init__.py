"""What was counted, given to the parts of a cell and to the nodes of its trees."""
