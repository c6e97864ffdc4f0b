"""Leaves that ran, repeated on their own."""
