"""Atlas: a row for each file that it has begun, with how many of its statements were done.

As Atlas 1 writes it (sql/migrate/migrate.go, cmd/atlas/internal/migrate/ent/schema/revision.go):
``atlas_schema_revisions`` in a schema of that name, or the one that ``--revisions-schema`` says. A row whose type is 1
stands for all versions up to its own. The hash is one over all files up to it, and not compared. Atlas also works on
folders of other tools.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key, canonical, number_of
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History

_BASELINE, _RESOLVED = 1, 4
#: A row that is no migration begins with it.
_NO_VERSION = "."


def _taken(rows: Sequence[Row], history: History) -> Taken:
    entries: dict[str, Entry] = {}
    for row in rows:
        version, at = row.text("version"), row.time("executed_at")
        if version.startswith(_NO_VERSION):
            continue
        if row.number("type") == _BASELINE:
            entries |= {other: Entry(other, other, at) for other in _up_to(version, history)}
        called = "_".join(filter(None, [version, row.text("description")]))
        entries[canonical(version)] = Entry(canonical(version), called, at, _failed(row))
    return by_key(entries.values(), history)


def _up_to(version: str, history: History) -> list[str]:
    """The keys of what a baseline of this version stands for."""
    keys = [number_of(migration) for migration in (*history.superseded, *history)]
    return keys[: keys.index(canonical(version)) + 1] if canonical(version) in keys else []


def _failed(row: Row) -> str:
    done, total = row.number("applied"), row.number("total")
    if row.number("type") & _RESOLVED or (done == total and not row.text("error")):
        return ""
    why = f": {row.text('error')}" if row.text("error") else ""
    return f"Atlas has done {done} of its {total} statements{why}"


ATLAS = Tool(
    "Atlas",
    formats=("atlas", "ours", "pairs", "goose", "dbmate", "flyway", "liquibase"),
    shapes=(
        Shape(
            {
                "operator_version": Kind.TEXT,
                "version": Kind.TEXT,
                "applied": Kind.NUMBER,
                "total": Kind.NUMBER,
                "executed_at": Kind.TIME,
                "hash": Kind.TEXT,
            }
        ),
    ),
    reads=("version", "description", "type", "applied", "total", "executed_at", "error"),
    taken=_taken,
)
