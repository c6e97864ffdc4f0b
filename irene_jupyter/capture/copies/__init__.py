"""Copies of the user's objects, without data, and how they are called apart from him."""
