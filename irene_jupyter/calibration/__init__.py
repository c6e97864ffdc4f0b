"""A power meter and a workload make a device profile."""
