"""Starts or borrows a PostgreSQL and hands out databases."""
