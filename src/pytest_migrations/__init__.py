"""Proves PostgreSQL migrations on a real server.

PYTEST_DONT_REWRITE: the command line starts pytest when this is loaded, which pytest would else warn of.
"""
