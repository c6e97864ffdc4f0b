"""The machine as time series, sampled in a background thread."""
