"""Rows in the simplest tables, and images of all: what ``rows.filling`` and ``rows.image`` will do better."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from pytest_migrations.rows.filling import Filled
from pytest_migrations.rows.image import Image, Loss

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_COLUMNS = """
SELECT c.oid::int8, format('%%I.%%I', n.nspname, c.relname), a.attname, t.typname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.oid = ANY(%s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
ORDER BY c.oid, a.attnum
"""
_VALUES = {"int2": "n % 30000", "int4": "n", "int8": "n", "numeric": "n", "text": "'x' || n", "varchar": "'x' || n"}


class Filler:
    def __init__(self, rows: int) -> None:
        self._rows = rows

    def fill(self, connection: psycopg.Connection[Any], tables: Collection[int], *, seed: int = 0) -> Filled:
        columns: dict[tuple[int, str], list[tuple[str, str]]] = {}
        for oid, name, column, type_ in connection.execute(_COLUMNS, [list(tables)]):
            columns.setdefault((oid, name), []).append((column, type_))
        rows = {}
        for (oid, name), each in columns.items():
            given = [(column, _VALUES[type_]) for column, type_ in each if type_ in _VALUES]
            if not given:
                continue
            statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM generate_series({}, {}) n").format(
                sql.SQL(name),
                sql.SQL(", ").join(sql.Identifier(column) for column, _ in given),
                sql.SQL(", ").join(sql.SQL(value) for _, value in given),
                1_000_003 + 1000 * seed,
                1_000_002 + 1000 * seed + self._rows,
            )
            try:
                with connection.transaction():
                    connection.execute(statement)
            except psycopg.Error:
                continue
            rows[oid] = self._rows
        return Filled(rows=rows)


@dataclass(frozen=True)
class _Image(Image):
    rows: Mapping[str, list[Mapping[str, str]]] = field(default_factory=dict)


def read_image(connection: psycopg.Connection[Any], tables: Iterable[int]) -> Image:
    names = connection.execute(
        "SELECT format('%%I.%%I', relnamespace::regnamespace::text, relname) FROM pg_class WHERE oid = ANY(%s::oid[])",
        [list(tables)],
    ).fetchall()
    if not names:
        return _Image()
    query = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, (SELECT json_object_agg(key, value) FROM json_each_text(to_json(r))) FROM {} r").format(
            name, sql.SQL(name)
        )
        for (name,) in names
    )
    rows: dict[str, list[Mapping[str, str]]] = {name: [] for (name,) in names}
    for name, row in connection.execute(query):
        rows[name].append(row or {})
    return _Image(rows)


def compare(before: Image, after: Image) -> tuple[Loss, ...]:
    assert isinstance(before, _Image) and isinstance(after, _Image)
    found = []
    for name, rows in before.rows.items():
        now = after.rows.get(name, [])
        kept = set(rows[0] if rows else ()) & set(now[0] if now else rows[0] if rows else ())
        there = [{key: row[key] for key in kept} for row in now]
        lost = []
        for row in rows:
            shown = {key: row[key] for key in kept}
            if shown in there:
                there.remove(shown)
            else:
                lost.append(shown)
        if lost:
            found.append(Loss(name, "lost", len(lost), tuple(str(tuple(row.values())) for row in lost[:3])))
    return tuple(found)
