"""Rows for the tables of a database, made from nothing but its catalog, and what becomes of them."""
