"""rambler's marked sections."""

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

#: The second table refers to the first: only the reverse order drops both.
FILE = """\
-- why
-- rambler up
CREATE TABLE a (id int PRIMARY KEY)
-- rambler down
DROP TABLE a -- é
-- rambler up
CREATE TABLE b (a int REFERENCES a)
-- rambler down
  DROP TABLE b;"""


@pytest.fixture
def one(history: Read) -> Callable[[str], Migration]:
    def read(text: str) -> Migration:
        (migration,) = history({"01_a.sql": text}, "rambler").migrations
        return migration

    return read


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_down_sections_run_backwards_and_keep_their_places(history: Read, ends: str, mark: str) -> None:
    read = history({"01_a.sql": mark + FILE.replace("\n", ends)})
    assert (read.format, read.problems) == ("rambler", ())
    (migration,) = read.migrations
    assert (migration.version, migration.name) == ("01", "01_a.sql")
    assert places(migration.up) == [
        ("CREATE TABLE a (id int PRIMARY KEY)", "01_a.sql:3:1"),
        ("CREATE TABLE b (a int REFERENCES a)", "01_a.sql:7:1"),
    ]
    assert places(migration.down) == [("DROP TABLE b", "01_a.sql:9:3"), ("DROP TABLE a", "01_a.sql:5:1")]


@pytest.mark.parametrize(
    ("ups", "downs", "transactional"), [(1, 2, (True, False)), (2, 1, (False, True)), (1, 1, (True, True))]
)
def test_one_section_is_one_transaction_and_several_are_several(
    one: Callable[[str], Migration], ups: int, downs: int, transactional: tuple[bool, bool]
) -> None:
    migration = one("-- rambler up\nSELECT 1; SELECT 2;\n" * ups + "-- rambler down\nSELECT 3;\n" * downs)
    assert migration.down is not None
    assert (migration.up.transactional, migration.down.transactional) == transactional


def test_without_down_there_is_no_rollback(one: Callable[[str], Migration]) -> None:
    assert one("-- rambler up\nSELECT 1;\n").down is None
    assert places(one("-- rambler up\nSELECT 1;\n-- rambler down\n").down) == []


def test_an_unknown_section_without_sql_is_a_comment(one: Callable[[str], Migration]) -> None:
    assert places(one("-- rambler: a tool\n\n-- ramblerup\nSELECT 1;").up) == [("SELECT 1", "01_a.sql:4:1")]


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("", "1:1", "no '-- rambler up'"),
        ("SELECT 1;\n", "1:1", "no '-- rambler up'"),
        ("/* x */ SELECT 1;\n-- rambler up\n", "1:9", "SQL before '-- rambler up'"),
        ("-- rambler up\n-- rambler Down\nSELECT 1;\n", "2:1", "neither up nor down"),
        ("-- rambler up\n -- rambler down\nSELECT 1;\n", "2:1", "a mere comment"),
        ("-- rambler up\n--rambler down\nSELECT 1;\n", "2:1", "a mere comment"),
    ],
)
def test_mistakes(one: Callable[[str], Migration], text: str, place: str, what: str) -> None:
    with pytest.raises(UserError) as caught:
        one(text)
    first = str(caught.value).splitlines()[0]
    assert f"01_a.sql:{place}: " in first
    assert what in first
    assert "^" in str(caught.value)
    assert "rambler wants in each file:" in str(caught.value)


def test_names_and_order(history: Read) -> None:
    read = history(dict.fromkeys(["10_a.sql", "9_b.sql", "9_a.sql", "x.sql", "y.SQL"], "-- rambler up\n"))
    assert [m.name for m in read.migrations] == ["10_a.sql", "9_a.sql", "9_b.sql", "x.sql"]
    assert [problem.path.name for problem in read.problems] == ["9_a.sql", "y.SQL"]
    assert "sorts versions as text" in read.problems[0].message


@pytest.mark.parametrize(
    ("format_name", "text"),
    [
        ("rambler", "-- rambler down\n-- rambler up\n-- Up Migration\n"),
        ("ours", "-- was a rambler up\n"),
        ("node-pg-migrate", "-- Up Migration\n-- no rambler\n"),
    ],
)
def test_neighbours(history: Read, format_name: str, text: str) -> None:
    assert history({"01_a.sql": text}).format == format_name


def test_it_is_proved(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    broken = "-- rambler up\nSELECT 1\n-- rambler down\nDROP TABLE c\n-- rambler down\nDROP TABLE IF EXISTS c\n"
    project({"01_a.sql": FILE, "02_b.sql": broken})
    result = pytester.runpytest("--migrations-dir=migrations")
    result.assert_outcomes(passed=6, failed=1, skipped=2)
    result.stdout.fnmatch_lines(['migrations/02_b.sql:4:12: table "c" does not exist*'])
