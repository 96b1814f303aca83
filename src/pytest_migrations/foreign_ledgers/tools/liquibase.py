"""Liquibase: a row for each changeset that ran, by its author, its id and the path of its file.

As Liquibase 4 and 5 write it (StandardChangeLogHistoryService.java): ``databasechangelog``, or what
``databaseChangeLogTableName`` says. The path is the one that the changelog has, from wherever that lies. Its checksum
is one of the changes as Liquibase understands them, and not compared.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History, Migration

_FAILED = "Liquibase has begun it and not finished (exectype is FAILED)"
#: What it calls the one changeset of a file of plain SQL.
_OF_PLAIN_SQL = "includeAll:raw"


def _taken(rows: Sequence[Row], history: History) -> Taken:
    called: dict[str, list[Migration]] = defaultdict(list)
    for migration in history:
        called[migration.part or _OF_PLAIN_SQL].append(migration)
    entries = []
    for row in rows:
        if row.text("exectype") == "SKIPPED":
            continue
        part, path = f"{row.text('author')}:{row.text('id')}", row.text("filename")
        matching = (migration.identity for migration in called[part] if _is_one_file(_path_of(migration), path))
        failed = _FAILED if row.text("exectype") == "FAILED" else ""
        name = f"{path}::{part}"
        entries.append(Entry(next(matching, name), name, row.time("dateexecuted"), failed))
    return by_key(entries, history, lambda migration: migration.identity)


def _path_of(migration: Migration) -> str:
    return migration.identity.removesuffix(f"::{migration.part}") if migration.part else migration.identity


def _is_one_file(one: str, other: str) -> bool:
    """Whether two paths lead to one file from different folders."""
    steps, others = _steps(one), _steps(other)
    length = min(len(steps), len(others))
    return steps[-length:] == others[-length:]


def _steps(path: str) -> list[str]:
    return [step for step in path.removeprefix("classpath:").split("/") if step not in ("", ".")]


LIQUIBASE = Tool(
    "Liquibase",
    formats=("liquibase",),
    shapes=(
        Shape(
            {
                "orderexecuted": Kind.NUMBER,
                "id": Kind.TEXT,
                "author": Kind.TEXT,
                "filename": Kind.TEXT,
                "exectype": Kind.TEXT,
            }
        ),
    ),
    reads=("id", "author", "filename", "dateexecuted", "exectype"),
    taken=_taken,
)
