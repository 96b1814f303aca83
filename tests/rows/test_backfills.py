"""What earlier migrations have filled holds no NULL for those behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.rows.backfills import Backfills

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE users SET nid = 1, name = '' WHERE nid IS NULL",
        "UPDATE public.users AS u SET (nid, name) = (SELECT 1, '')",
        "DO $$ BEGIN UPDATE users SET nid = 1; UPDATE users SET name = ''; END $$",
    ],
)
def test_the_columns_of_an_update(make_history: Callable[..., History], sql: str) -> None:
    backfills = Backfills(make_history(("SELECT 1", None), (sql, None), ("SELECT 2", None)))
    assert not backfills.before(1)
    assert backfills.before(2) == backfills.before(3) == {"users": frozenset({"nid", "name"})}
    assert not backfills.before(1)
