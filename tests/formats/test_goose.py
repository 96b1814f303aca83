"""goose's marked sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History, Migration, Script

    Read = Callable[..., History]

FILE = """\
-- why
-- +goose Up
CREATE TABLE a ();
-- +goose StatementBegin
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1;
END $$
-- +goose StatementEnd
SELECT 2; -- é

-- +goose Down
DROP FUNCTION f(); DROP TABLE a;
"""


def places(script: Script | None) -> list[tuple[str, int]]:
    assert script is not None
    return [(statement.text.split("\n")[0], statement.place.line) for statement in statements(script)]


@pytest.fixture
def one(history: Read) -> Callable[[str], Migration]:
    def read(text: str) -> Migration:
        (migration,) = history({"00001_a.sql": text}, "goose").migrations
        return migration

    return read


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_sections(one: Callable[[str], Migration], ends: str) -> None:
    migration = one(FILE.replace("\n", ends))
    assert (migration.version, migration.name) == ("1", "00001_a.sql")
    assert places(migration.up) == [
        ("CREATE TABLE a ()", 3),
        ("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$", 5),
        ("SELECT 2", 10),
    ]
    assert places(migration.down) == [("DROP FUNCTION f()", 13), ("DROP TABLE a", 13)]
    assert "\r" not in migration.up.text  # goose sends LF
    assert migration.up.transactional


def test_lower_case_and_dashes_anywhere_are_fine_with_goose(one: Callable[[str], Migration]) -> None:
    migration = one("--+goose up\nSELECT 1;\n-- +goose DOWN --\n-- +goose no transaction\n")
    assert places(migration.up) == [("SELECT 1", 2)]
    assert places(migration.down) == []
    assert not migration.up.transactional


def test_without_down_there_is_no_rollback(one: Callable[[str], Migration]) -> None:
    assert one("-- +goose Up\nSELECT 1;\n").down is None


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("SELECT 1;\n", "1:1", "SQL before '-- +goose Up'"),
        ("-- nothing\n", "1:1", "no '-- +goose Up'"),
        ("-- +goose Up\nSELECT 1;\n  -- +goose Down\n", "3:1", "blanks before it"),
        ("-- +goose Up\n-- +goose Sideways\n", "2:1", "no such annotation"),
        ("-- +goose Up\n-- +goose Up\n", "2:1", "a second '-- +goose Up'"),
        ("-- +goose Down\n", "1:1", "does not follow"),
        ("-- +goose Up\n-- +goose Down\n-- +goose Down\n", "3:1", "does not follow"),
        ("-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n", "2:1", "has no '-- +goose StatementEnd'"),
        ("-- +goose Up\n-- +goose StatementEnd\n", "2:1", "without a StatementBegin"),
        ("-- +goose StatementBegin\n", "1:1", "outside of a section"),
        ("-- +goose Up\nSELECT '\n-- +goose Down\n';\n-- +goose Up", "5:1", "a second '-- +goose Up'"),
    ],
)
def test_mistakes(one: Callable[[str], Migration], text: str, place: str, what: str) -> None:
    with pytest.raises(UserError) as caught:
        one(text)
    first = str(caught.value).splitlines()[0]
    assert f"00001_a.sql:{place}: " in first
    assert what in first


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-- +goose Up\nSELECT 1\n-- +goose Down\n", ":2:1: goose refuses this file"),
        ("-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2; SELECT 3", ":4:1: goose refuses this file"),
        ("-- +goose Up\nDO $$ BEGIN\nPERFORM 1;\nEND $$;\n", ":2:1: goose cuts this statement"),
        ("-- +goose Up\nSELECT 'a;\nb';\n", ":2:1: goose cuts this statement"),
    ],
)
def test_what_goose_would_make_of_it_is_a_problem(history: Read, text: str, what: str) -> None:
    problems = history({"00001_a.sql": text}).problems
    assert what in problems[0].message


@pytest.mark.parametrize(
    "text",
    ["-- +goose Up\nDO $$ BEGIN PERFORM 1; END $$;\n", "-- +goose Up\nSELECT 1; -- it's\n\n-- the end\n", FILE],
)
def test_what_goose_runs_is_no_problem(history: Read, text: str) -> None:
    assert history({"00001_a.sql": text}).problems == ()


def test_names_and_order(history: Read) -> None:
    up = "-- +goose Up\n"
    read = history(dict.fromkeys(["10_a.sql", "9_b.sql", "009_c.sql", "0_d.sql", "e.sql", "11.sql"], up))
    assert [m.name for m in read.migrations] == ["009_c.sql", "9_b.sql", "10_a.sql"]
    assert [problem.path.name for problem in read.problems] == ["9_b.sql", "0_d.sql", "11.sql", "e.sql"]


def test_variables(one: Callable[[str], Migration], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHO", "app")
    migration = one(
        "-- +goose Up\n-- +goose ENVSUB ON\n-- $ is no matter here\nSELECT '$WHO', '${WHO}', '${NOBODY:-x}';\n"
        "-- +goose ENVSUB OFF\nSELECT '$WHO';\n"
    )
    assert places(migration.up) == [("SELECT 'app', 'app', 'x'", 4), ("SELECT '$WHO'", 6)]


def test_a_variable_that_must_be_set(one: Callable[[str], Migration]) -> None:
    with pytest.raises(UserError, match=r"00001_a\.sql:3:9: the environment variable NOBODY: who\?"):
        one("-- +goose Up\n-- +goose ENVSUB ON\nSELECT '${NOBODY?who?}';\n")


def test_migrations_in_go_are_told(history: Read) -> None:
    up = "-- +goose Up\n"
    read = history({"1_a.sql": up, "2_b.go": "package b", "2_b_test.go": "package b", "go.mod": "", "3_c.sql": up})
    assert read.problems == ()
    assert [(item.name, item.position) for item in read.in_code] == [("2_b.go", 1)]
