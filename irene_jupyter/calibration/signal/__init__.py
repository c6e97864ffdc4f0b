"""From samples of power to the joules of runs: pure functions on plain data."""
