"""Whether rows are the same as at another moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.rows.losses.image import kept, read_image
from pytest_migrations.rows.reading import read_tables

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.rows.table import Table


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
