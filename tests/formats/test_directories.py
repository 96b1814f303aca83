"""diesel's folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_migrations.migration import History

    Read = Callable[..., History]


def test_migrations(history: Read) -> None:
    read = history(
        {
            "2019-01-02-000000_posts/up.sql": "CREATE TABLE posts ();",
            "2019-01-01-000000_users/up.sql": "CREATE TABLE users ();",
            "2019-01-01-000000_users/down.sql": "DROP TABLE users;",
            "2025-12-29-110242-0000_sequence/up.sql": "SELECT 1;",
            "2026-01-20-162913_no_sequence/up.sql": "SELECT 1;",
            "00000000000000_diesel_initial_setup/up.sql": "SELECT 1;",
            ".keep/up.sql": "",
            "docs/readme.md": "",
            "README.md": "",
            "by_hand.sql": "",
        }
    )
    assert read.format == "directories"
    assert [(m.version, m.name, m.down is not None) for m in read.migrations] == [
        ("00000000000000", "00000000000000_diesel_initial_setup/up.sql", False),
        ("20190101000000", "2019-01-01-000000_users/up.sql", True),
        ("20190102000000", "2019-01-02-000000_posts/up.sql", False),
        ("202512291102420000", "2025-12-29-110242-0000_sequence/up.sql", False),
        ("20260120162913", "2026-01-20-162913_no_sequence/up.sql", False),
    ]
    assert read.problems == ()


@pytest.mark.parametrize(
    ("metadata", "transactional", "problem"),
    [
        ("run_in_transaction = false\n", False, False),
        ("# why\nrun_in_transaction=false # here\n", False, False),
        ("run_in_transaction = true", True, False),
        ("# run_in_transaction = true", False, False),  # a bool that is not named is false to serde
        ("", False, False),
        ("run_in_transaction = no", True, True),
    ],
)
def test_metadata(history: Read, metadata: str, transactional: bool, problem: bool) -> None:
    read = history({"1_a/up.sql": "", "1_a/down.sql": "", "1_a/metadata.toml": metadata})
    (migration,) = read.migrations
    assert migration.down is not None
    assert migration.up.transactional is migration.down.transactional is transactional
    assert [p.path.name for p in read.problems] == ["metadata.toml"] * problem


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (["1_a/up.sql", "2_b/down.sql"], "2_b/down.sql"),
        (["1_a/up.sql", "1_b/up.sql"], "1_b/up.sql"),
        (["2019-01-01_a/up.sql", "20190101_b/up.sql"], "20190101_b/up.sql"),
        (["9_a/up.sql", "10_b/up.sql"], "9_a/up.sql"),  # as text, 10 comes first
        (["1_a/up.sql", "users/up.sql"], "users/up.sql"),
        (["1_a/up.sql", "2_b.sql"], "2_b.sql"),
    ],
)
def test_problems(history: Read, files: list[str], problem: str) -> None:
    read = history(dict.fromkeys(files, ""))
    assert [p.path.relative_to(read.folder).as_posix() for p in read.problems] == [problem]
    assert problem in read.problems[0].message
    assert len(read.migrations) == sum(name.endswith("/up.sql") for name in files)


def test_a_linked_folder_counts(tmp_path: Path, history: Read) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "up.sql").write_text("SELECT 1;")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "2_linked").symlink_to(elsewhere)
    assert [m.name for m in history({"1_a/up.sql": ""}).migrations] == ["1_a/up.sql", "2_linked/up.sql"]
