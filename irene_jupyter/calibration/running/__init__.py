"""A calibration as it goes: the load, the clock, the journal."""
