"""Tries each migration of a history on tables with rows in them, as they are in production."""
