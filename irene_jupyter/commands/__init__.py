"""The commands of `irene-jupyter`, a file each: `add` its arguments, `run` it."""
