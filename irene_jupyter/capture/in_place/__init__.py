"""How long the parts of a call took where they ran: boundaries, and what lies between them."""
