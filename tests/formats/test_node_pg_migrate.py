"""node-pg-migrate's marked sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from tests.places import places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_migrations.migration import History, Migration

    Read = Callable[..., History]

FILE = "/* why; */\n\n-- Up Migration: é\n\nCREATE TABLE a ();\n\n-- Down Migration\nDROP TABLE a;\n"


@pytest.fixture
def one(history: Read) -> Callable[[str], Migration]:
    def read(text: str) -> Migration:
        (migration,) = history({"1_a.sql": text}, "node-pg-migrate").migrations
        return migration

    return read


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_sections(history: Read, ends: str, mark: str) -> None:
    read = history({"1589353644505_a.sql": mark + FILE.replace("\n", ends)})
    assert (read.format, read.problems, read.notes) == ("node-pg-migrate", (), ())
    (migration,) = read.migrations
    assert migration.version == "1589353644505"
    assert places(migration.up) == [("CREATE TABLE a ()", "1589353644505_a.sql:5:1")]
    assert places(migration.down) == [("DROP TABLE a", "1589353644505_a.sql:8:1")]
    assert migration.up.transactional


@pytest.mark.parametrize(
    "markers",
    [
        ("-- Up Migration", "-- Down Migration"),
        ("--up migration", "--- - DOWN  MIGRATION of all"),
        ("\n\n  -----Up Migration", "\t-- down\tmigration"),
    ],
)
def test_markers_are_lenient_and_may_come_in_either_order(
    one: Callable[[str], Migration], markers: tuple[str, str]
) -> None:
    up, down = markers
    for text in (f"{up}\nSELECT 1\n{down}\nSELECT 2", f"{down}\nSELECT 2\n{up}\nSELECT 1"):
        migration = one(text)
        for script, statement in ((migration.up, "SELECT 1"), (migration.down, "SELECT 2")):
            line = text[: text.index(statement)].count("\n") + 1
            assert places(script) == [(statement, f"1_a.sql:{line}:1")]


def test_a_marker_in_its_own_half_is_a_comment(one: Callable[[str], Migration]) -> None:
    migration = one("-- Up Migration\nSELECT 1,\n-- up migration goes on\n2;\n-- Down Migration\n-- down migration\n")
    assert places(migration.up) == [("SELECT 1,", "1_a.sql:2:1")]
    assert places(migration.down) == []


def test_without_markers_all_of_the_file_is_applied(one: Callable[[str], Migration]) -> None:
    migration = one("SELECT 1;\n-- Migration down\n")
    assert places(migration.up) == [("SELECT 1", "1_a.sql:1:1")]
    assert migration.down is None


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("\n SELECT 1;\n-- Up Migration\n", "2:2", "SQL above the first marker"),
        ("SELECT 1;\n-- Down Migration\nSELECT 2;", "1:1", "SQL above the first marker"),
        ("\n -- Down Migration\nSELECT 2;", "2:2", "without an '-- Up Migration'"),
        ("-- Up Migration\n-- Down Migration\n\n-- Up Migration\n", "4:1", "a second '-- Up Migration'"),
    ],
)
def test_mistakes(one: Callable[[str], Migration], text: str, place: str, what: str) -> None:
    with pytest.raises(UserError) as caught:
        one(text)
    first = str(caught.value).splitlines()[0]
    assert f"1_a.sql:{place}: " in first
    assert what in first
    assert "^" in str(caught.value)
    assert "node-pg-migrate wants in each file:" in str(caught.value)


def test_names_and_order(history: Read) -> None:
    read = history(
        dict.fromkeys(
            [
                "1589353644504_before.sql",
                "20200513070724505_moment.sql",
                "1589353644506-behind.sql",
                "99999999999999999_no_date.sql",
                "2.sql",
                "002_b.SQL",
                "x.sql",
            ],
            "-- Up Migration\n",
        )
        | {"0001_a.js": "", "0002_b.d.mts": "", "README.md": "", "helper.ts": ""}
    )
    assert [m.name for m in read.migrations] == [
        "002_b.SQL",
        "2.sql",
        "1589353644504_before.sql",
        "20200513070724505_moment.sql",
        "1589353644506-behind.sql",
        "99999999999999999_no_date.sql",
    ]
    assert [problem.path.name for problem in read.problems] == ["2.sql", "x.sql"]
    assert read.notes == ("Only SQL is run here; left out are migrations in code: 0001_a.js, 0002_b.d.mts.",)


def test_pairs_among_marked_files(history: Read) -> None:
    read = history(
        {
            "1_a.sql": FILE,
            "2_b.sql": FILE,
            "3_c.up.sql": "SELECT 1;\n-- Down Migration\n",
            "3_c.down.sql": "SELECT 2;",
            "4_d.down.sql": "",
            "5_e.up.sql": "",
            "5_e.sql": FILE,
        }
    )
    assert read.format == "node-pg-migrate"
    assert [(m.name, m.down is not None) for m in read.migrations] == [
        ("1_a.sql", True),
        ("2_b.sql", True),
        ("3_c.up.sql", True),
        ("5_e.sql", True),
        ("5_e.up.sql", False),
    ]
    assert [problem.path.name for problem in read.problems] == ["5_e.up.sql", "4_d.down.sql", "5_e.up.sql"]
    assert places(read.migrations[2].down) == [("SELECT 2", "3_c.down.sql:1:1")]


@pytest.mark.parametrize(
    ("format_name", "files"),
    [
        ("node-pg-migrate", {"1_a.sql": FILE, "2_b.up.sql": ""}),
        ("pairs", {"1_a.up.sql": "-- Up Migration\n", "1_a.down.sql": "-- Down Migration\n"}),
        ("pairs", {"1_a_up.sql": "-- Up Migration\n", "1_a_down.sql": "-- Down Migration\n"}),
        ("goose", {"1_a.sql": "-- +goose Up\n-- Up Migration\n"}),
        ("dbmate", {"1_a.sql": "-- migrate:up\n-- up migration\n-- migrate:down\n"}),
        ("ours", {"1_a.sql": "-- Migration 1: A\n-- Up migration\nSELECT 1;\n"}),
        ("ours", {"1_a.sql": "SELECT 1; -- Up Migration\n"}),
        ("ours", {"1_a.sql": "-- down migration: none\n"}),
    ],
)
def test_neighbours(history: Read, format_name: str, files: dict[str, str]) -> None:
    if len(files) == 2 and format_name == "node-pg-migrate":
        files = files | {"3_c.sql": FILE}  # a tie asks
    assert history(files).format == format_name


def test_it_is_proved(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project(
        {"1_a.sql": FILE, "2_b.sql": "SELECT 1", "3_c.sql": "-- Down Migration\n-- Up Migration\nCREATE TABLE b ();"}
    )
    result = pytester.runpytest("--migrations-dir=migrations")
    result.assert_outcomes(passed=7, failed=1, skipped=5)
    result.stdout.fnmatch_lines(["migrations/3_c.sql:*: the rollback is empty*"])
