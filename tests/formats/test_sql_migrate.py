"""sql-migrate's marked sections."""

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

FILE = """\
/* A licence;
   with a semicolon. */
-- why
-- +migrate Up
CREATE TABLE a ();
-- +migrate StatementBegin
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1;
-- not sent
END $$
-- +migrate StatementEnd
SELECT 2; -- é

-- +migrate Down
DROP FUNCTION f(); DROP TABLE a;
"""


@pytest.fixture
def one(history: Read) -> Callable[[str], Migration]:
    def read(text: str) -> Migration:
        (migration,) = history({"1_a.sql": text}, "sql-migrate").migrations
        return migration

    return read


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_sections(history: Read, ends: str, mark: str) -> None:
    read = history({"1_a.sql": mark + FILE.replace("\n", ends)})
    assert (read.format, read.problems, read.notes) == ("sql-migrate", (), ())
    (migration,) = read.migrations
    assert (migration.version, migration.name) == ("1", "1_a.sql")
    assert places(migration.up) == [
        ("CREATE TABLE a ()", "1_a.sql:5:1"),
        ("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$", "1_a.sql:7:1"),
        ("SELECT 2", "1_a.sql:13:1"),
    ]
    assert places(migration.down) == [("DROP FUNCTION f()", "1_a.sql:16:1"), ("DROP TABLE a", "1_a.sql:16:20")]
    assert "not sent" not in migration.up.text
    assert "\r" not in migration.up.text
    assert migration.up.transactional


def test_several_sections_are_one_script_each_in_the_order_of_the_file(one: Callable[[str], Migration]) -> None:
    migration = one(
        "-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2;\n"
        "-- +migrate Up notransaction\nSELECT 3;\n-- +migrate Down\nSELECT 4;"
    )
    assert places(migration.up) == [("SELECT 1", "1_a.sql:2:1"), ("SELECT 3", "1_a.sql:6:1")]
    assert places(migration.down) == [("SELECT 2", "1_a.sql:4:1"), ("SELECT 4", "1_a.sql:8:1")]
    assert not migration.up.transactional
    assert migration.down is not None
    assert migration.down.transactional


def test_without_down_there_is_no_rollback(one: Callable[[str], Migration]) -> None:
    assert one("-- +migrate Up\nSELECT 1;\n").down is None
    assert places(one("-- +migrate Up\nSELECT 1;\n-- +migrate Down\n-- nothing").down) == []


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("", "1:1", "no '-- +migrate Up'"),
        ("\n SELECT 1;\n-- +migrate Up\n", "2:2", "SQL before '-- +migrate Up'"),
        ("-- +migrate up\n", "1:1", "a mere comment"),
        ("-- +migrate Up\n -- +migrate Down\n", "2:1", "a mere comment"),
        ("-- +migrate Up\n--+migrate Down\n", "2:1", "a mere comment"),
        ("-- +migrate Up\n-- +migrate\n", "2:1", "a mere comment"),
        ("-- +migrate Up\n-- +migrate StatementBegin\nSELECT 1;\n", "2:1", "has no '-- +migrate StatementEnd'"),
        ("-- +migrate Up\n-- +migrate StatementBegin\n-- +migrate Down\n", "2:1", "has no '-- +migrate StatementEnd'"),
        ("-- +migrate StatementBegin\n", "1:1", "outside of a section"),
    ],
)
def test_mistakes(one: Callable[[str], Migration], text: str, place: str, what: str) -> None:
    with pytest.raises(UserError) as caught:
        one(text)
    first, *_, last = str(caught.value).splitlines()
    assert f"1_a.sql:{place}: " in first
    assert what in first
    assert "^" in str(caught.value)
    assert last


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-- +migrate Up\nSELECT 1\n-- +migrate Down\n", ":2:1: sql-migrate refuses this file"),
        ("-- +migrate Up\nSELECT 1;\n--DROP TABLE a;\n", ":3:1: sql-migrate refuses this file"),
        ("-- +migrate Up\nDO $$ BEGIN\nPERFORM 1;\nEND $$;\n", ":2:1: sql-migrate cuts this statement"),
        ("-- +migrate Up noTransaction\n", ":1:1: sql-migrate passes over noTransaction"),
    ],
)
def test_what_it_would_make_of_it_is_a_problem(history: Read, text: str, what: str) -> None:
    assert what in history({"1_a.sql": text}).problems[0].message


def test_names_and_order(history: Read) -> None:
    up = "-- +migrate Up\n"
    read = history(dict.fromkeys(["10_a.sql", "9-b.sql", "009.sql", "init.sql", "Z.sql", "11.SQL"], up))
    assert [(m.version, m.name) for m in read.migrations] == [
        ("009", "009.sql"),
        ("9", "9-b.sql"),
        ("10", "10_a.sql"),
        ("Z", "Z.sql"),
        ("init", "init.sql"),
    ]
    assert [problem.path.name for problem in read.problems] == ["11.SQL"]


@pytest.mark.parametrize(
    ("format_name", "text"),
    [
        ("sql-migrate", "-- +migrate Up\n-- like +goose Up\n"),
        ("goose", "-- +goose Up\nSELECT '-- +migrate Up';\n"),
        ("ours", "-- Migration 1: was +migrate Up\n"),
    ],
)
def test_neighbours(history: Read, format_name: str, text: str) -> None:
    assert history({"1_a.sql": text}).format == format_name


def test_it_is_proved(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    concurrently = (
        "-- +migrate Up notransaction\nCREATE INDEX CONCURRENTLY i ON a (x);\n-- +migrate Down\nDROP INDEX i;\n"
    )
    project({"1_a.sql": FILE.replace("()", "(x int)", 1), "2_b.sql": concurrently, "3_c.sql": "-- +migrate Up\n"})
    pytester.runpytest("--migrations-dir=migrations").assert_outcomes(passed=10, skipped=3)
