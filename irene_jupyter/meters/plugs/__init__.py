"""Smart plugs, and whatever else tells its watts as JSON: over HTTP, or by MQTT."""
