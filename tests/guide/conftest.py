"""The guide, on a real database of each test's own."""

from tests.commands import cli, database, migrations, query

__all__ = ["cli", "database", "migrations", "query"]
