"""Pairs of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History

    Read = Callable[..., History]


def found(history: History) -> list[tuple[str, str, str | None]]:
    return [(m.version, m.name, m.down.path.name if m.down else None) for m in history.migrations]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["000001_x.up.sql", "000001_x.down.sql"], [("1", "000001_x.up.sql", "000001_x.down.sql")]),
        (
            ["10_b.up.sql", "9_a.up.sql", "9_a.down.sql"],
            [("9", "9_a.up.sql", "9_a.down.sql"), ("10", "10_b.up.sql", None)],
        ),
        (
            ["V0001.Initial_Schema.up.sql", "V0001.Initial_Schema.down.sql"],
            [("1", "V0001.Initial_Schema.up.sql", "V0001.Initial_Schema.down.sql")],
        ),
        (["20250103145821_x.up.sql"], [("20250103145821", "20250103145821_x.up.sql", None)]),
        (["001.up.sql", "001.down.sql"], [("1", "001.up.sql", "001.down.sql")]),
        (["1_renamed.up.sql", "1_old.down.sql"], [("1", "1_renamed.up.sql", "1_old.down.sql")]),
        (
            ["1_a_up.sql", "1_a_down.sql", "2_b_up.sql"],
            [("1", "1_a_up.sql", "1_a_down.sql"), ("2", "2_b_up.sql", None)],
        ),
        (
            ["1_a.up.sql", "2_scale_up.up.sql", "2_scale_up.down.sql"],
            [("1", "1_a.up.sql", None), ("2", "2_scale_up.up.sql", "2_scale_up.down.sql")],
        ),
    ],
)
def test_pairs(history: Read, files: list[str], expected: list[tuple[str, str, str | None]]) -> None:
    read = history(dict.fromkeys(files, ""))
    assert read.format == "pairs"
    assert found(read) == expected
    assert read.problems == ()


@pytest.mark.parametrize(
    ("files", "migrations", "problems"),
    [
        (["1_a.up.sql", "2_b.down.sql"], ["1_a.up.sql"], ["2_b.down.sql"]),
        (["1_a.up.sql", "01_b.up.sql"], ["01_b.up.sql", "1_a.up.sql"], ["1_a.up.sql"]),
        (["1_a.up.sql", "notes.sql", "fix.up.sql"], ["1_a.up.sql"], ["fix.up.sql", "notes.sql"]),
        (["1_a.up.sql", "1_b.up.sql", "1_c.down.sql"], ["1_a.up.sql", "1_b.up.sql"], ["1_b.up.sql", "1_c.down.sql"]),
        (["1_a.up.sql", "2_b.sql"], ["1_a.up.sql", "2_b.sql"], ["2_b.sql"]),
        (["1_a.up.sql", "2_scale_up.sql"], ["1_a.up.sql", "2_scale_up.sql"], ["2_scale_up.sql"]),
        (["1_a.up.sql", "2_b_up.sql", "2_b_down.sql"], ["1_a.up.sql"], ["2_b_down.sql", "2_b_up.sql"]),
        (
            ["1_x.new.up.sql", "1_x.old.up.sql"],
            ["1_x.new.up.sql", "1_x.old.up.sql"],
            ["1_x.old.up.sql"],
        ),
    ],
)
def test_problems(history: Read, files: list[str], migrations: list[str], problems: list[str]) -> None:
    read = history(dict.fromkeys(files, ""))
    assert [m.name for m in read.migrations] == migrations
    assert [problem.path.name for problem in read.problems] == problems
    assert all(problem.path.name in problem.message for problem in read.problems)


def test_of_two_ups_each_keeps_the_down_of_its_own_name(history: Read) -> None:
    read = history(dict.fromkeys(["1_a.up.sql", "1_b.up.sql", "1_b.down.sql", "1_a.down.sql"], ""))
    assert found(read) == [("1", "1_a.up.sql", "1_a.down.sql"), ("1", "1_b.up.sql", "1_b.down.sql")]


def test_a_file_is_sent_as_it_is_and_chooses_its_own_transaction(history: Read) -> None:
    up = "-- no-transaction\r\nCREATE INDEX CONCURRENTLY i ON t (x);\r\n"
    read = history({"1_a.up.sql": up, "1_a.down.sql": "\ufeffDROP INDEX i;\n-- no-transaction"})
    (migration,) = read.migrations
    assert migration.up.text == migration.up.source == up
    assert not migration.up.transactional
    assert migration.down is not None
    assert migration.down.text.startswith("DROP")
    assert migration.down.transactional
