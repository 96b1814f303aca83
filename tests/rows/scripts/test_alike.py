"""Which conditions of unique indexes two rows are to satisfy."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_migrations.migration import Script
from pytest_migrations.rows.scripts.alike import alike
from pytest_migrations.rows.table import Column, Table, Type
from pytest_migrations.sql.grammar import statements

INT = Type("integer", "base", "int4")
TABLE = Table(1, "public.a", "a", "public.a", tuple(Column(name, INT, 1, nullable=True) for name in ("x", "y")))


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("CREATE UNIQUE INDEX ON public.a (x) WHERE y IS NULL", ("(y IS NULL)",)),
        ("CREATE UNIQUE INDEX ON a (x) WHERE a.y = 1 AND x > 0", ("(a.y = 1) AND (x > 0)",)),
        ("CREATE UNIQUE INDEX ON a (x) WHERE new IS NULL AND y = 1", ("(y = 1)",)),
        ("CREATE UNIQUE INDEX ON a (x) WHERE y = 1 AND (new IS NULL AND x > 0)", ("(y = 1) AND (x > 0)",)),
        ("CREATE UNIQUE INDEX ON a (x) WHERE new IS NULL", ()),
        ("DO $$ BEGIN CREATE UNIQUE INDEX ON a (x) WHERE y = 1 OR x = 2; END $$", ("(y = 1 OR x = 2)",)),
        ("CREATE UNIQUE INDEX ON a (x)", ()),
        ("CREATE INDEX ON a (x) WHERE y = 1 -- unique", ()),
        ("CREATE UNIQUE INDEX ON b (x) WHERE y = 1", ()),
    ],
)
def test_conditions_of_unique_indexes(sql: str, found: tuple[str, ...]) -> None:
    (table,) = alike(statements(Script(Path("001.sql"), sql, sql)), {1: TABLE}).values()
    assert table.alike == found
