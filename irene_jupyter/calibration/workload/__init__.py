"""What a calibration runs."""
