"""Models from their configurations, and back."""
