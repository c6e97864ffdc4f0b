"""Energy counters of this machine: RAPL and NVML."""
