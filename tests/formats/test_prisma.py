"""Prisma's folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_migrations.migration import History


def test_migrations(history: Callable[..., History]) -> None:
    read = history(
        {
            "20240102000000_posts/migration.sql": "CREATE TABLE posts ();",
            "20240101000000_users/migration.sql": "CREATE TABLE users ();",
            "0_init/migration.sql": "SELECT 1;",
            "20240101000000_also/migration.sql": "SELECT 1;",
            "20240103000000_data/migration.ts": "",
            "migration_lock.toml": 'provider = "postgresql"',
        }
    )
    assert read.format == "prisma"
    assert [m.version for m in read.migrations] == [
        "0_init",
        "20240101000000_also",
        "20240101000000_users",
        "20240102000000_posts",
    ]
    assert all(m.down is None and m.up.transactional for m in read.migrations)
    assert read.migrations[0].name == "0_init/migration.sql"
    assert read.problems == ()


def test_problems(tmp_path: Path, history: Callable[..., History]) -> None:
    (tmp_path / "migrations" / "2_empty").mkdir(parents=True)
    read = history({"1_a/migration.sql": "", "3_loose.sql": "", "seed.sql": ""})
    assert [problem.path.name for problem in read.problems] == ["2_empty", "3_loose.sql"]
