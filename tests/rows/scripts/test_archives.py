"""Which tables hold what migrations have moved there, and their rollbacks fetch back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.rows.scripts.archives import archives

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History

MOVES = "INSERT INTO old SELECT * FROM t WHERE id < 9; DELETE FROM t WHERE id < 9"
FETCHES = "INSERT INTO t SELECT * FROM old"


@pytest.mark.parametrize(
    "up",
    [
        MOVES,
        "WITH gone AS (DELETE FROM s.t RETURNING *) INSERT INTO s.old SELECT * FROM gone",
        "INSERT INTO old TABLE t; TRUNCATE t, u",
        f"DO $$ BEGIN {MOVES}; END $$",
    ],
)
def test_what_is_moved_and_fetched(make_history: Callable[..., History], up: str) -> None:
    assert archives(make_history(("CREATE TABLE t ()", "DROP TABLE t"), (up, FETCHES))) == {"old"}


@pytest.mark.parametrize(
    ("up", "down"),
    [
        (MOVES, None),
        (MOVES, "DELETE FROM old"),
        ("INSERT INTO users SELECT * FROM legacy; DROP TABLE legacy", "INSERT INTO legacy SELECT * FROM users"),
        ("INSERT INTO old VALUES (1); DELETE FROM t", FETCHES),
        ("INSERT INTO old SELECT 1; DELETE FROM t", FETCHES),
        ("CREATE TABLE x (", "boom"),
    ],
)
def test_what_is_not(make_history: Callable[..., History], up: str, down: str | None) -> None:
    assert archives(make_history((up, down))) == frozenset()
