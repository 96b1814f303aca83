"""Sqitch's registry."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History
    from tests.foreign_ledgers.conftest import Told

    Tell = Callable[[str, History], Told]
    Read = Callable[..., History]

LEDGER = """
CREATE SCHEMA sqitch;
CREATE TABLE sqitch.changes (change_id text PRIMARY KEY, script_hash text, change text NOT NULL, project text NOT NULL,
    note text NOT NULL DEFAULT '', committed_at timestamptz NOT NULL, committer_name text, committer_email text,
    planned_at timestamptz, planner_name text, planner_email text, UNIQUE (project, script_hash));
CREATE TABLE sqitch.events (event text NOT NULL, change_id text NOT NULL, change text NOT NULL, project text NOT NULL,
    committed_at timestamptz NOT NULL);
INSERT INTO sqitch.changes (change_id, script_hash, change, project, committed_at) VALUES
"""
WHO = "2024-01-01T12:00:00Z Ann <ann@example.com>"
CHANGES = ("users", "posts [users]", "@v1", "users [users@v1]", "last")
PLAN = "%syntax-version=1.0.0\n%project=ours\n\n" + "".join(f"{change} {WHO}\n" for change in CHANGES)
FILES = {"sqitch.plan": PLAN} | {
    f"deploy/{name}.sql": f"SELECT '{name}';\n" for name in ("users", "users@v1", "posts", "last")
}


def sha1(name: str) -> str:
    return hashlib.sha1(FILES[f"deploy/{name}.sql"].encode()).hexdigest()


def test_each_version_of_a_reworked_change_has_its_row(told: Tell, history: Read) -> None:
    rows = f"""
        ('c', '{sha1("users")}', 'users', 'ours', '2024-01-03'),
        ('a', '{sha1("users@v1")}', 'users', 'ours', '2024-01-01'),
        ('b', 'other', 'posts', 'ours', '2024-01-02'), ('d', NULL, 'gone', 'ours', '2024-01-04')"""
    found = told(LEDGER + rows, history(FILES))
    assert (found.tool, found.table) == ("Sqitch", "sqitch.changes")
    assert found.applied == ["deploy/users@v1.sql", "deploy/posts.sql", "deploy/users.sql"]
    assert found.times == [f"2024-01-0{day} 00:00:00" for day in (1, 2, 3)]
    assert (found.changed, found.unknown) == (["deploy/posts.sql"], ["gone"])


def test_a_change_that_is_not_reworked_yet_in_the_database(told: Tell, history: Read) -> None:
    rows = "('a', NULL, 'users', 'ours', '2024-01-01'), ('b', NULL, 'posts', 'ours', '2024-01-02')"
    assert told(LEDGER + rows, history(FILES)).applied == ["deploy/users@v1.sql", "deploy/posts.sql"]


def test_other_projects_share_the_registry(told: Tell, history: Read) -> None:
    rows = "('a', NULL, 'users', 'theirs', '2024-01-01'), ('b', NULL, 'last', 'ours', '2024-01-02')"
    found = told(LEDGER + rows, history(FILES))
    assert (found.applied, found.unknown) == (["deploy/last.sql"], [])
