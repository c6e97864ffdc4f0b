"""Device profiles: what one holds, its JSON with every value checked, and those known here."""
