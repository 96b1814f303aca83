"""The moments of a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.losses.contents import read_rows
from pytest_migrations.rows.losses.moments import Span, moment
from pytest_migrations.rows.reading import read_tables

if TYPE_CHECKING:
    import psycopg


def test_the_moment_it_is(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET timezone = 'Asia/Tokyo'")
    begin = moment(connection)
    connection.execute("CREATE TABLE s (id int, at timestamptz DEFAULT clock_timestamp(), local timestamp, day date)")
    connection.execute("INSERT INTO s (id, local, day) VALUES (1, clock_timestamp(), clock_timestamp()::date)")
    span = Span(begin, moment(connection))
    (table,) = read_tables(connection, names=["s"])[0].values()
    (row,) = read_rows(connection, [table])[table.oid].rows or ()
    assert span.holds(row["at"])
    assert not span.holds(row["id"])
