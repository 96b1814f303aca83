"""The rows of tables as they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.losses.contents import Rows, contents, read_rows
from pytest_migrations.rows.losses.losses import losses
from pytest_migrations.rows.reading import read_tables

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.rows.table import Table


def _read(connection: psycopg.Connection[Any], table: Table) -> Rows:
    return read_rows(connection, [table])[table.oid]


def test_rows_are_read(connection: psycopg.Connection[Any], made: Table) -> None:
    read = _read(connection, made)
    assert read.rows == (
        {"id": "1", "a b": None, "j": '{"a": 1}', "f": "NaN"},
        {"id": "2", "a b": "", "j": "[1]", "f": "0.1"},
    )
    assert read.key == ("id",)
    assert losses(read, _read(connection, made)) == []
    connection.execute('DROP TABLE "T 1"')
    assert _read(connection, made).rows is None


def test_rows_without_columns_count(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE bare (); INSERT INTO bare DEFAULT VALUES; INSERT INTO bare DEFAULT VALUES")
    (bare,) = read_tables(connection, names=["bare"])[0].values()
    assert _read(connection, bare).rows == ({}, {})


def test_tables_that_are_called_something_else(connection: psycopg.Connection[Any], made: Table) -> None:
    connection.execute('ALTER TABLE "T 1" RENAME TO t; CREATE TABLE "T 1" (id int)')
    assert read_rows(connection, [made])[made.oid].rows == ()
    assert len(read_rows(connection, [made], renamed=True)[made.oid].rows or ()) == 2


def test_rows_are_those_of_one_table(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE a (id int); CREATE TABLE b (n int) INHERITS (a); INSERT INTO b VALUES (1, 2)")
    connection.execute("CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE q PARTITION OF p DEFAULT")
    connection.execute("INSERT INTO p VALUES (3)")
    tables, _ = read_tables(connection, names=["a", "b", "p", "q"])
    read = [read_rows(connection, tables.values())[oid] for oid in tables]
    assert [(rows.rows, rows.is_partition) for rows in read] == [
        ((), False),
        (({"id": "1", "n": "2"},), False),
        (({"id": "3"},), False),
        (({"id": "3"},), True),
    ]


def test_not_all_rows_of_a_table(connection: psycopg.Connection[Any], made: Table) -> None:
    assert contents(connection, [made])[made.name] == _read(connection, made)
    read = read_rows(connection, [made], most=2)[made.oid]
    assert not read.is_whole
    assert len(read.rows or ()) == 2
