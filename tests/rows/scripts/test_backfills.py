"""What earlier migrations have filled holds no NULL for those behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.rows.scripts.backfills import Backfills

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History


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
    ],
)
def test_the_columns_of_an_update(make_history: Callable[..., History], sql: str, columns: set[str]) -> None:
    backfills = Backfills(make_history(("SELECT 1", None), (sql, None), ("SELECT 2", None)))
    assert not backfills.before(1)
    assert backfills.before(3).get("users", frozenset()) == columns
    assert not backfills.before(1)
