"""Proves PostgreSQL migrations on a real server."""
