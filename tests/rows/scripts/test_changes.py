"""What statements are to do to rows, as it is read from their SQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_migrations.migration import Program, Script
from pytest_migrations.rows.scripts.changes import Change, changes
from pytest_migrations.sql.grammar import statements

A = ("a",)


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("INSERT INTO a VALUES (1)", []),
        ("INSERT INTO a SELECT 1", []),
        ("INSERT INTO a SELECT id FROM b", [Change(A, "inserted")]),
        ("INSERT INTO a SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT id FROM b", [Change(A, "inserted")]),
        ("INSERT INTO a SELECT 1 UNION ALL SELECT 2", []),
        ("INSERT INTO a SELECT id FROM b ON CONFLICT DO NOTHING", [Change(A, "changed")]),
        ("UPDATE s.a SET x = 1, y = 2", [Change(("s", "a"), "updated", frozenset("xy"))]),
        ("UPDATE a t SET x = t.y", [Change(A, "updated", frozenset("x"), frozenset("y"))]),
        ("DELETE FROM a", [Change(A, "deleted")]),
        ("MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE", [Change(A, "changed")]),
        (
            "WITH d AS (DELETE FROM b RETURNING *) INSERT INTO a TABLE d",
            [Change(A, "inserted"), Change(("b",), "deleted")],
        ),
        ("CREATE TABLE c AS SELECT 1 FROM a", []),
        ("DO $$ BEGIN INSERT INTO a VALUES (1); END $$", []),
        ("DO $$ BEGIN DELETE FROM a; DELETE FROM a; END $$", [Change(A, "deleted")]),
        ("DO $$ BEGIN EXECUTE 'DELETE FROM a'; END $$", [Change((), "changed")]),
        ("DO $$ BEGIN EXECUTE format($x$ update %I SET x = 1$x$, 'a'); END $$", [Change((), "changed")]),
        ("DO $$ BEGIN EXECUTE 'INSERT INTO a VALUES (1)'; EXECUTE 'DROP TABLE a'; END $$", []),
        ("no SQL", []),
    ],
)
def test_what_is_to_become_of_rows(sql: str, found: list[Change]) -> None:
    (statement,) = statements(Script(Path("001.sql"), sql, sql))
    assert list(changes(statement)) == found


@pytest.mark.parametrize(
    ("sql", "nulls"),
    [
        ("DELETE FROM a WHERE x IS NULL AND y IS NULL AND z = 1", ("x", "y")),
        ("DELETE FROM a WHERE z = 1 AND (x IS NULL AND y IS NULL)", ("x", "y")),
        ("UPDATE a t SET x = 1 WHERE t.x IS NULL", ("x",)),
        ("UPDATE a SET x = 1 FROM b WHERE x IS NULL", ()),
        ("UPDATE a SET x = 1 FROM b WHERE b.x IS NULL AND a.x IS NULL", ("x",)),
        ("DELETE FROM a WHERE x IS NULL OR y = 1", ()),
        ("DELETE FROM a WHERE x IS NOT NULL", ()),
        ("DELETE FROM a WHERE lower(x) IS NULL", ()),
    ],
)
def test_what_is_to_be_null(sql: str, nulls: tuple[str, ...]) -> None:
    (statement,) = statements(Script(Path("001.sql"), sql, sql))
    assert [change.nulls for change in changes(statement)] == [nulls]


def test_parameters_of_a_program() -> None:
    sql = "UPDATE a SET x = %s WHERE y = %(y)s"
    script = Script(Path("001.py"), sql, "", program=Program(lambda _: None, "001.py"))
    (statement,) = statements(Script(script.path, sql, sql))
    assert not changes(statement)
    assert changes(type(statement)(script, 0, sql)) == (Change(A, "updated", frozenset("x"), frozenset("y")),)
