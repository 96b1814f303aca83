"""Puts rows into tables, one after another, and otherwise where they are refused."""
