"""From the joules of runs to a device profile."""
