"""The moments of a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.rows.losses.contents import read_rows
from pytest_migrations.rows.losses.moments import Moment, Span, moment
from pytest_migrations.rows.reading import read_tables

if TYPE_CHECKING:
    import psycopg


def test_the_moment_it_is(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SET timezone = 'Asia/Tokyo'")
    begin = moment(connection)
    connection.execute("CREATE TABLE s (id int, at timestamptz DEFAULT clock_timestamp(), local timestamp)")
    connection.execute("INSERT INTO s (id, local) VALUES (1, clock_timestamp())")
    span = Span(begin, moment(connection))
    (table,) = read_tables(connection, names=["s"])[0].values()
    (row,) = read_rows(connection, [table])[table.oid].rows or ()
    assert span.holds(row["at"])
    assert span.holds(row["local"])
    assert not span.holds(row["id"])


@pytest.mark.parametrize(
    ("value", "held"),
    [
        ("2001-02-03 20:00:00.7+00", True),
        ("2001-02-03 20:00:03+00", False),
        ("2001-02-03", True),
        ("2001-02-04 05:00:00.7", True),
        ("2001-02-04 04:59:59", False),
        ("2001-02-04", True),
        ("2001-02-05", False),
        ("981230401", True),
        ("981230401000", True),
        ("981230499", False),
        (None, False),
    ],
)
def test_here_and_in_utc(value: str | None, held: bool) -> None:
    """Where it is the next day already."""
    begin = Moment("2001-02-03 20:00:00.5+00", "2001-02-04 05:00:00.5", 981230400.5)
    span = Span(begin, Moment("2001-02-03 20:00:02.5+00", "2001-02-04 05:00:02.5", 981230402.5))
    assert span.holds(value) == held
