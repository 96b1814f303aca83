"""What statements look for in tables, as it is read from their SQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_migrations.migration import Script
from pytest_migrations.rows.scripts.sought import sought_by
from pytest_migrations.rows.table import Column, Table, Type
from pytest_migrations.sql.grammar import statements

INT = Type("integer", "base", "int4")


def table(name: str, *columns: str) -> Table:
    made = tuple(Column(column, INT, place, nullable=True) for place, column in enumerate(columns, 1))
    return Table(1, f"public.{name}", name, f"public.{name}", made)


TABLES = [table("a", "id", "x", "y"), table("b", "id", "a_id", "z")]


def sought(sql: str) -> dict[str, tuple[str, ...]]:
    return sought_by(statements(Script(Path("001.sql"), sql, sql)), TABLES)


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("UPDATE a SET x = y + 1 WHERE y = 2", {"a": ("y = 2",)}),
        ("UPDATE public.a AS t SET x = y + 1 WHERE t.y = 2 AND x IS NULL",
         {"a": ("(y = 2) AND (x IS NULL)", "(y = 2) AND (x IS NOT NULL)")}),
        ("DELETE FROM a WHERE y = 2 OR x IN (1, 3)", {"a": ("y = 2", "x = 1", "x = 3")}),
        ("DELETE FROM a WHERE x IN (1, 2) AND y = 2", {"a": ("(x = 1) AND (y = 2)", "(x = 2) AND (y = 2)")}),
        ("DELETE FROM a WHERE x NOT IN (1, 2)", {"a": ("x NOT IN (1, 2)",)}),
        ("DELETE FROM a WHERE x > 5", {"a": ("x > 5", "x <= 5")}),
        ("DELETE FROM a WHERE x > y", {"a": ("x > y",)}),
        ("DELETE FROM a WHERE x <> 5 AND y < 2",
         {"a": ("(x <> 5) AND (y < 2)", "(x = 5) AND (y < 2)", "(x <> 5) AND (y >= 2)")}),
        ("DELETE FROM a WHERE x IS NOT NULL", {}),
        ("DELETE FROM a WHERE x IS NOT NULL AND y = 2",
         {"a": ("(x IS NOT NULL) AND (y = 2)", "(x IS NULL) AND (y = 2)")}),
        ("DELETE FROM a WHERE x", {"a": ("x", "NOT x")}),
        ("DELETE FROM a WHERE NOT x", {"a": ("NOT x", "x")}),
        ("DELETE FROM a WHERE x = true", {"a": ("x = true", "x <> true")}),
        ("DELETE FROM a WHERE x IS FALSE", {"a": ("x IS FALSE", "x IS NOT FALSE")}),
        ("DELETE FROM a WHERE x IS NOT TRUE", {"a": ("x IS NOT TRUE", "x IS TRUE")}),
        ("DELETE FROM a WHERE NOT (x AND y)", {"a": ("NOT (x AND y)",)}),
        ("DELETE FROM a WHERE x = 1; DELETE FROM a WHERE x = 2; DELETE FROM a WHERE x = 1", {"a": ("x = 1", "x = 2")}),
        ("DELETE FROM b USING a WHERE a.id = b.a_id AND x = 1 AND b.z = 2", {"a": ("x = 1",), "b": ("z = 2",)}),
        ("UPDATE b SET z = b.id FROM a WHERE a.id = b.a_id AND a.x = 1", {"a": ("x = 1",)}),
        ("INSERT INTO c SELECT FROM a WHERE x = 1 UNION SELECT FROM b WHERE z = 2", {"a": ("x = 1",), "b": ("z = 2",)}),
        ("INSERT INTO c SELECT FROM a JOIN b ON a.id = a_id AND z = 2 WHERE x = 1", {"a": ("x = 1",), "b": ("z = 2",)}),
        ("INSERT INTO c SELECT 1 FROM a LEFT JOIN b ON a.id = b.a_id WHERE b.id IS NULL AND x = 1", {"a": ("x = 1",)}),
        ("DELETE FROM b WHERE a_id IN (SELECT id FROM a WHERE x = 1)", {"a": ("x = 1",)}),
        ("DELETE FROM a WHERE x = 1 AND id IN (SELECT id FROM a WHERE x = 2)", {"a": ("x = 1", "x = 2")}),
        ("DELETE FROM b WHERE NOT EXISTS (SELECT FROM a WHERE x = 1)", {}),
        ("DELETE FROM b WHERE a_id NOT IN (SELECT id FROM a WHERE x = 1) AND z = 2", {"b": ("z = 2",)}),
        ("DELETE FROM b WHERE a_id <> ALL (SELECT id FROM a WHERE x = 1)", {}),
        ("WITH w AS (SELECT id FROM a WHERE x = 1) UPDATE b SET z = b.id FROM w WHERE w.id = a_id", {"a": ("x = 1",)}),
        ("DO $$ BEGIN IF true THEN DELETE FROM a WHERE x = 1; END IF; END $$", {"a": ("x = 1",)}),
        ("DO $$ DECLARE v int = 3; BEGIN DELETE FROM a WHERE x = v AND y = 2; END $$", {"a": ("y = 2",)}),
        ("ALTER TABLE a ADD n int; UPDATE a SET n = 1 WHERE n IS NULL AND x = 1", {"a": ("x = 1",)}),
        ("UPDATE a SET x = y + 1 WHERE id = $1 AND y = 2", {"a": ("y = 2",)}),
        ("UPDATE a SET x = y + 1 WHERE false", {}),
        ("UPDATE a SET x = y + 1", {}),
        ("UPDATE a SET x = 1 WHERE y = 2", {"a": ("(y = 2) AND (x IS DISTINCT FROM 1)", "(y = 2) AND (x = 1)")}),
        ("UPDATE a t SET x = 1 WHERE t.x = 2 AND t.y = 3", {"a": ("(x = 2) AND (y = 3)", "(y = 3) AND (x = 1)")}),
        ("UPDATE a SET x = NULL WHERE x = 2 AND y = 3", {"a": ("(x = 2) AND (y = 3)", "(y = 3) AND (x IS NULL)")}),
        ("UPDATE a SET x = 1, y = id WHERE id > 3", {"a": ("id > 3", "id <= 3", "(id > 3) AND (x = 1)")}),
        ("UPDATE b SET z = 1 FROM a WHERE a.x = 1 AND b.id = a.id", {"a": ("x = 1",), "b": ("z = 1",)}),
        ("UPDATE a SET x = 1::int, y = NULL::int", {"a": ("x = 1::int",)}),
        ("UPDATE a SET x = coalesce(x, 0), y = coalesce(x, y)", {"a": ("x = 0",)}),
        (
            """DO $$ DECLARE r record; BEGIN
               FOR r IN SELECT FROM a WHERE x = 1 LOOP DELETE FROM b WHERE z = 2; END LOOP; END $$""",
            {"a": ("x = 1",), "b": ("z = 2",)},
        ),
        ("UPDATE c SET x = 1 WHERE x = 2", {}),
        ("SELECT 1 FROM a WHERE x = 1", {}),
        ("CREATE TABLE c AS SELECT 1 FROM a WHERE x = 1", {"a": ("x = 1",)}),
        ("CREATE VIEW v AS SELECT 1 FROM a WHERE x = 1", {}),
        ("DELETE FROM a WHERE (x, y) = (1, 2)", {"a": ("(x, y) = (1, 2)",)}),
        ("DELETE FROM a t WHERE t IS NOT NULL", {}),
        ("DELETE FROM a WHERE", {}),
        ("DO LANGUAGE plpython3u 'where'", {}),
        ("DO 'BEGIN where'", {}),
    ],
)  # fmt: skip
def test_what_is_sought(sql: str, found: dict[str, tuple[str, ...]]) -> None:
    assert sought(sql) == found


def test_no_null_is_sought_where_there_is_none() -> None:
    columns = (Column("x", INT, 1, nullable=False), Column("y", INT, 2, nullable=True))
    sql = "DELETE FROM a WHERE x IS NULL AND y = 1; DELETE FROM a WHERE x IS NOT NULL AND y = 2"
    script = Script(Path("001.sql"), sql, sql)
    assert sought_by(statements(script), [Table(1, "a", "a", "a", columns)]) == {"a": ("(x IS NOT NULL) AND (y = 2)",)}
