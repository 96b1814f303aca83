"""SQL in texts: the indented blocks behind ``Given:``, ``Fails:`` and ``Works:``, and how they are run."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.migration import Script
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    import psycopg


def example(text: str, which: str) -> str:
    """The block behind ``which:``; empty where there is none."""
    found = re.search(rf"^{which}:\n\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    return textwrap.dedent(found[1]).strip() if found else ""


def run(connection: psycopg.Connection, sql: str) -> None:
    """Send the statements one by one, so that each is a transaction unless the SQL says otherwise."""
    for statement in statements(Script(Path(), sql, sql)):
        connection.execute(statement.text.encode())
