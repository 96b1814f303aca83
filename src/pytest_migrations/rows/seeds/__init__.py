"""Rows of the user's own, for a version."""
