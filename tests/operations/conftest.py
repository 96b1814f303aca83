"""What is done to real databases, asked for by the command line."""

from tests.commands import cli, database, migrations, query

__all__ = ["cli", "database", "migrations", "query"]
