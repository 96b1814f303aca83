"""What became of rows, and how they are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.rows.losses.image import kept, read_image
from pytest_migrations.rows.losses.losses import Moment, Rows, Span, losses, moment, read_rows
from pytest_migrations.rows.reading import read_tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from pytest_migrations.rows.table import Table

SPAN = Span(
    Moment("2026-01-02 03:04:05+00", "2026-01-02 04:04:05", 1767323045.0),
    Moment("2026-01-02 03:04:09.5+00", "2026-01-02 04:04:09.5", 1767323049.5),
)


def rows(*of: Mapping[str, str | None], key: tuple[str, ...] = ("id",), again: str = "") -> Rows:
    columns = {name: f"1.{name}{again}" for row in of for name in row}
    return Rows("public.t", key, tuple(dict(row) for row in of), columns)


def told(before: Rows, after: Rows, span: Span | None = None) -> list[tuple[str, tuple[str, ...]]]:
    return [(" ".join(str(loss).split()), loss.examples) for loss in losses(before, after, span)]


A, B = ({"id": str(number), "name": name} for number, name in enumerate("ab"))
GONE = Rows("public.t", (), None)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (rows(A, B), rows(B, A), []),
        (rows(A, A, B), rows(A, B, A), []),
        (rows(A, B), rows(A), [("lost 1 row of public.t", ("id '1', name 'b'",))]),
        (rows(A), rows(A, B), [("left behind 1 row of public.t", ("id '1', name 'b'",))]),
        (rows(A, B), GONE, [("lost 2 rows of public.t", ("id '0', name 'a'", "id '1', name 'b'"))]),
        (GONE, rows(A), []),
        (rows(), GONE, []),
        (
            rows(A, B),
            rows({**A, "name": None}, B),
            [("changed 1 row of public.t (name)", ("id '0': name 'a' -> NULL",))],
        ),
        (
            rows(A, B, key=()),
            rows({**A, "name": "x"}, B),
            [("changed 1 row of public.t (name)", ("id '0': name 'a' -> 'x'",))],
        ),
        (rows(A), rows({**A, "id": "7"}), [("changed 1 row of public.t (id)", ("id '0': id '0' -> '7'",))]),
        (
            rows(A),
            rows({"id": "7", "name": "x"}),
            [
                ("lost 1 row of public.t", ("id '0', name 'a'",)),
                ("left behind 1 row of public.t", ("id '7', name 'x'",)),
            ],
        ),
        (rows(A), rows({"id": "0"}), []),
        (rows(A), rows({**A, "more": "1"}), []),
        (rows({}, {}), rows({}), [("lost 1 row of public.t", ("",))]),
    ],
)  # fmt: skip
def test_what_became_of_rows(before: Rows, after: Rows, found: list[tuple[str, tuple[str, ...]]]) -> None:
    assert told(before, after) == found


def test_three_are_shown_and_in_short() -> None:
    many = rows(*({"id": str(number), "a": "x" * 50 + "\n", "b": "y" * 50, "c": "z" * 90} for number in range(5)))
    ((loss, examples),) = told(many, replace(many, rows=()))
    assert loss == "lost 5 rows of public.t"
    assert examples[0] == f"id '0', a '{'x' * 27}...', b '{'y' * 27}...', ..."
    assert len(examples) == 3


@pytest.mark.parametrize(
    ("value", "again", "is_loss"),
    [
        ("2026-01-02 03:04:06+00", "", False),
        ("2026-01-02 04:04:06", "", False),
        ("2026-01-02", "", False),
        ("2026-01-02 03:04:10+00", "", True),
        ("2025-01-02 03:04:06+00", "", True),
        ("2026", "", True),
        ("1767323046", "", False),
        ("1767323046000001", "", False),
        ("1767323146000001", "", True),
        (None, "", True),
        ("2026-01-02 03:04:06+00", "anew", True),
    ],
)
def test_the_moment_of_a_run(value: str | None, again: str, is_loss: bool) -> None:
    before, after = rows({"id": "1", "at": "2001-01-01"}), rows({"id": "1", "at": value}, again=again)
    assert bool(told(before, after, SPAN)) is is_loss
    assert told(before, after)


@pytest.fixture
def made(connection: psycopg.Connection[Any]) -> Table:
    connection.execute('CREATE TABLE "T 1" (id int PRIMARY KEY, "a b" text, j json, f float8)')
    connection.execute("""INSERT INTO "T 1" VALUES (1, NULL, '{"a": 1}', 'NaN'), (2, '', '[1]', 0.1)""")
    (table,) = read_tables(connection, names=["T 1"])[0].values()
    return table


def test_rows_are_read(connection: psycopg.Connection[Any], made: Table) -> None:
    read = read_rows(connection, made)
    assert read.rows == (
        {"id": "1", "a b": None, "j": '{"a": 1}', "f": "NaN"},
        {"id": "2", "a b": "", "j": "[1]", "f": "0.1"},
    )
    assert read.key == ("id",)
    assert losses(read, read_rows(connection, made)) == []
    connection.execute('DROP TABLE "T 1"')
    assert read_rows(connection, made).rows is None


def test_rows_without_columns_count(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE bare (); INSERT INTO bare DEFAULT VALUES; INSERT INTO bare DEFAULT VALUES")
    (bare,) = read_tables(connection, names=["bare"])[0].values()
    assert read_rows(connection, bare).rows == ({}, {})
    assert read_image(connection, kept({bare.oid: bare}))


def test_the_moment_it_is(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET timezone = 'Asia/Tokyo'")
    begin = moment(connection)
    connection.execute("CREATE TABLE s (id int, at timestamptz DEFAULT clock_timestamp(), local timestamp, day date)")
    connection.execute("INSERT INTO s (id, local, day) VALUES (1, clock_timestamp(), clock_timestamp()::date)")
    span = Span(begin, moment(connection))
    (table,) = read_tables(connection, names=["s"])[0].values()
    (row,) = read_rows(connection, table).rows or ()
    assert span.holds(row["at"])
    assert not span.holds(row["id"])


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ("SELECT 1", True),
        ('ALTER TABLE "T 1" ADD more int DEFAULT 1', True),
        ('CREATE TABLE k AS TABLE "T 1"; TRUNCATE "T 1"; INSERT INTO "T 1" SELECT * FROM k ORDER BY id DESC', True),
        ('ALTER TABLE "T 1" ALTER j TYPE text', True),
        ("""UPDATE "T 1" SET "a b" = '' WHERE id = 1""", False),
        ("""UPDATE "T 1" SET id = 3 - id WHERE id = 3""", True),
        ('DELETE FROM "T 1" WHERE id = 1', False),
        ('INSERT INTO "T 1" VALUES (3)', False),
        ('ALTER TABLE "T 1" DROP j', False),
        ('DROP TABLE "T 1"', False),
        ("""UPDATE "T 1" SET "a b" = NULL, j = NULL WHERE id = 2""", False),
    ],
)  # fmt: skip
def test_images_differ_as_rows_do(connection: psycopg.Connection[Any], made: Table, change: str, is_same: bool) -> None:
    columns = kept({made.oid: made})
    before = read_image(connection, columns)
    assert before is not None
    connection.execute(change.encode())
    assert (read_image(connection, columns) == before) is is_same


def test_a_partition_is_seen_in_its_table(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p DEFAULT")
    tables, _ = read_tables(connection, names=["p", "p1"])
    assert [each.table for each in kept(tables)] == ["public.p"]
    only, _ = read_tables(connection, names=["p1"])
    assert [each.table for each in kept(only)] == ["public.p1"]
