"""Meters that answer over HTTP: smart plugs, and whatever else tells its watts as JSON."""
