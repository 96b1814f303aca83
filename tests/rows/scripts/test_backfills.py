"""What earlier migrations have filled holds no NULL for those behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.rows.scripts.backfills import Backfills
from pytest_migrations.rows.table import Column, Table, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History


def table(schema: str) -> Table:
    types = Type("text", "base", "text")
    columns = tuple(Column(name, types, place, nullable=True) for place, name in enumerate(("nid", "name", "other"), 1))
    return Table(len(schema), f"{schema}.users", "users", f"{schema}.users", columns)


USERS = table("public")


def filled(backfills: Backfills, position: int, *tables: Table) -> dict[str, set[str]]:
    found = backfills.before(position).within({each.oid: each for each in tables})
    return {each.schema: {column.name for column in each.columns if column.is_filled} for each in found.values()}


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("UPDATE users SET nid = 1, name = ''", {"nid", "name"}),
        ("UPDATE users SET nid = 1, name = '' WHERE nid IS NULL", {"nid"}),
        ("UPDATE public.users AS u SET (nid, name) = (SELECT 1, '')", {"nid", "name"}),
        ("DO $$ BEGIN UPDATE users SET nid = 1; UPDATE users SET name = ''; END $$", {"nid", "name"}),
        ("UPDATE users SET name = '' WHERE nid = 3", set()),
        ("UPDATE users SET nid = NULL", set()),
        ("UPDATE users SET name = lower(name)", set()),
        ("UPDATE users SET name = coalesce(name, '')", {"name"}),
        ("UPDATE users SET nid = o.id FROM owners o", set()),
        ("UPDATE users SET nid = 1; UPDATE users SET nid = NULL WHERE name = ''", set()),
        ("UPDATE users SET nid = 1; ALTER TABLE users DROP nid, ADD nid int", set()),
        ("UPDATE users SET nid = 1; CREATE TABLE users (nid int)", set()),
        ("UPDATE users SET nid = 1; DROP TABLE users; CREATE TABLE users AS SELECT 1 AS nid", set()),
        ("UPDATE users SET nid = 1; ALTER TABLE users ALTER nid DROP NOT NULL", set()),
        ("UPDATE users SET nid = 1; ALTER TABLE users ALTER nid TYPE text USING nullif(nid, 1)", set()),
        ("UPDATE users SET nid = 1; ALTER TABLE users ALTER nid TYPE text", {"nid"}),
        ("UPDATE users SET nid = 1; ALTER TABLE users DROP nid; ALTER TABLE users RENAME other TO nid", set()),
        ("UPDATE users SET other = 1; ALTER TABLE users DROP nid; ALTER TABLE users RENAME other TO nid", {"nid"}),
        ("UPDATE new SET nid = 1; DROP TABLE users; ALTER TABLE new RENAME TO users", {"nid"}),
        ("UPDATE users SET nid = 1; DROP TABLE users; ALTER TABLE new RENAME TO users", set()),
        ("UPDATE other.users SET nid = 1", set()),
        ("UPDATE public.users SET nid = 1", {"nid"}),
        ("DO $$ BEGIN IF false THEN UPDATE users SET nid = 1; END IF; END $$", set()),
        ("DO $$ BEGIN UPDATE users SET nid = 1; EXCEPTION WHEN others THEN NULL; END $$", set()),
    ],
)
def test_the_columns_of_an_update(make_history: Callable[..., History], sql: str, columns: set[str]) -> None:
    backfills = Backfills(make_history(("SELECT 1", None), (sql, None), ("SELECT 2", None)))
    assert not filled(backfills, 1, USERS)["public"]
    assert filled(backfills, 3, USERS) == {"public": columns}
    assert not filled(backfills, 1, USERS)["public"]


def test_of_two_tables_the_schema_tells(make_history: Callable[..., History]) -> None:
    backfills = Backfills(make_history(("UPDATE users SET nid = 1; UPDATE public.users SET name = ''", None)))
    assert filled(backfills, 1, USERS, table("other")) == {"public": {"name"}, "other": set()}
