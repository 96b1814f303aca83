"""Statements that goose and sql-migrate would cut at a ``;`` within them, between the lines that keep them whole."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_migrations.migration import Script
from pytest_migrations.sql.grammar import statements

_CUT = re.compile(r";[ \t]*(?:--.*)?$", re.MULTILINE)


def kept_whole(sql: str, begin: str, end: str) -> str:
    """The SQL with ``begin`` and ``end`` in lines of their own around each statement that needs it."""
    for statement in reversed(statements(Script(Path(), sql, sql))):
        if _CUT.search(statement.text):
            start = sql.rfind("\n", 0, statement.offset) + 1
            behind = (sql.find("\n", statement.offset + len(statement.text)) + 1) or len(sql)
            sql = f"{sql[:start]}{begin}\n{sql[start:behind]}{end}\n{sql[behind:]}"
    return sql
