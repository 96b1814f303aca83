"""Atlas's folders and their sums."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_migrations.migration import History, Migration, Script

    Read = Callable[..., History]

FILES = {"1_a.sql": "CREATE TABLE a ();\n", "2_b.sql": "CREATE TABLE b ();\n"}
SUM = """\
h1:TvuN9IMWD6oRKZJsB+NujVZJtYpNRaNCV99fFxe1HJo=
1_a.sql h1:bwjNgdNqPxlW50Ox2fCuhzHseIXyyT5JOpnioAsFnGE=
2_b.sql h1:4agkvoRPOdEmpKD0zRV2T4HZefhQkD6Zh/OHtL2OnYI=
"""


def places(script: Script | None) -> list[tuple[str, int, int]]:
    assert script is not None
    return [(s.text, s.place.line, s.place.column) for s in statements(script)]


@pytest.fixture
def one(history: Read) -> Callable[[str], Migration]:
    def read(text: str) -> Migration:
        (migration,) = history({"20240101_a.sql": text, "atlas.sum": ""}, "atlas").migrations
        return migration

    return read


def test_files_are_sorted_as_text(history: Read) -> None:
    read = history(FILES | {"atlas.sum": SUM})
    assert read.format == "atlas"
    assert [(m.version, m.name, m.down) for m in read.migrations] == [("1", "1_a.sql", None), ("2", "2_b.sql", None)]
    assert all(m.up.transactional for m in read.migrations)
    assert read.problems == ()


def test_problems_of_names(history: Read) -> None:
    read = history(dict.fromkeys(["10_a.sql", "9_b.sql", "9_c.sql", "11.SQL"], "") | {"atlas.sum": ""})
    assert [problem.path.name for problem in read.problems] == ["9_c.sql", "9_b.sql", "atlas.sum", "11.SQL"]


@pytest.mark.parametrize(
    ("changes", "problem", "message"),
    [
        ({"2_b.sql": "CREATE TABLE c ();\n"}, "2_b.sql", "was changed after atlas.sum"),
        ({"1_a.sql": "\ufeffCREATE TABLE a ();\n"}, "1_a.sql", "was changed after atlas.sum"),
        ({"3_c.sql": ""}, "3_c.sql", "is not in atlas.sum: it was added"),
        ({"0_c.sql": ""}, "0_c.sql", "is not in atlas.sum: it was added"),
        ({"2_b.sql": None}, "atlas.sum", "2_b.sql is in atlas.sum, but there is no such file"),
        ({"1_a.sql": None}, "atlas.sum", "1_a.sql is in atlas.sum, but there is no such file"),
        ({"atlas.sum": SUM.replace("h1:", "h1:x", 1)}, "atlas.sum", "does not fit itself"),
        ({"atlas.sum": SUM + "<<<<<<< HEAD\n"}, "atlas.sum", "does not fit itself"),
        ({"atlas.sum": ""}, "atlas.sum", "does not fit itself"),
        ({"atlas.sum": None}, "migrations", "There is no atlas.sum"),
    ],
)
def test_the_sum(history: Read, changes: dict[str, str | None], problem: str, message: str) -> None:
    files = {name: text for name, text in (FILES | {"atlas.sum": SUM} | changes).items() if text is not None}
    (only,) = history(files, "atlas").problems
    assert only.path.name == problem
    assert message in only.message
    assert "atlas migrate hash" in only.message


def test_a_file_may_be_left_out_of_the_sum(history: Read) -> None:
    ignored = {"1_a.sql": "-- atlas:sum ignore\n\nSELECT 1;"}
    without = (
        "h1:y1oAnzRzlv/GZbsRmqtYrXqHJ2DTxCMOFpEYe285Vw8=\n2_b.sql h1:TqdPk3aVqOIde7806V9VP5xE9zW/A8D8pq5SfnKaBfU=\n"
    )
    assert history(FILES | ignored | {"atlas.sum": without}).problems == ()
    (only,) = history(FILES | ignored | {"atlas.sum": SUM}).problems
    assert only.message.startswith("1_a.sql was changed after atlas.sum")


@pytest.mark.parametrize(
    ("text", "transactional"),
    [
        ("-- atlas:txmode none\n\nSELECT 1;", False),
        ("-- atlas:nolint\n-- atlas:txmode none\n\nSELECT 1;", False),
        ("-- atlas:txmode file\n\nSELECT 1;", True),
        ("-- atlas:txmode none\nSELECT 1;", True),
        ("\n-- atlas:txmode none\n\nSELECT 1;", True),
    ],
)
def test_transaction_mode(one: Callable[[str], Migration], text: str, transactional: bool) -> None:
    assert one(text).up.transactional is transactional


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- atlas:txmode none\nSELECT 1;", r"1_a\.sql:1:1: Atlas passes over this directive"),
        ("-- x\n-- atlas:txmode none\r\n\r\nSELECT 1;", r"1_a\.sql:2:1: Atlas passes over this directive"),
        ("-- atlas:txmode all\n\nSELECT 1;", r"Atlas refuses 1_a\.sql: its txmode is all"),
    ],
)
def test_problems_of_directives(history: Read, text: str, message: str) -> None:
    assert re.search(message, history({"1_a.sql": text}, "atlas").problems[0].message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-- atlas:delimiter //\nSELECT 1 //\nSELECT '//'; //", [("SELECT 1", 2, 1), ("SELECT '//'", 3, 1)]),
        ("-- atlas:delimiter \\n\\n\nSELECT 1\n\nSELECT (\n\n2)", [("SELECT 1", 2, 1), ("SELECT (\n\n2)", 4, 1)]),
        ("-- atlas:delimiter -- end\nSELECT 1\n-- end\nSELECT 2", [("SELECT 1", 2, 1), ("SELECT 2", 4, 1)]),
        ("-- atlas:delimiter //\nSELECT $$//$$ -- //\n/* */", [("SELECT $$//$$", 2, 1)]),
        ("\n-- atlas:delimiter //\nSELECT 1;\nSELECT 2", [("SELECT 1", 3, 1), ("SELECT 2", 4, 1)]),
    ],
)
def test_delimiters(one: Callable[[str], Migration], text: str, expected: list[tuple[str, int, int]]) -> None:
    assert places(one(text).up) == expected


def test_an_empty_database_starts_at_the_newest_checkpoint(history: Read) -> None:
    checkpoint = "-- atlas:checkpoint\n\nSELECT 1;"
    read = history({"1_a.sql": "", "2_b.sql": checkpoint, "3_c.sql": "", "4_d.sql": checkpoint, "5_e.sql": ""}, "atlas")
    assert [m.name for m in read.migrations] == ["4_d.sql", "5_e.sql"]
    assert read.notes == (
        "Before the checkpoint 4_d.sql 3 files are left out, as Atlas does on an empty database (1_a.sql first).",
    )


def test_an_archive(history: Read) -> None:
    text = (
        "-- atlas:txtar\n\n-- checks/empty.sql --\nSELECT true;\n"
        "-- migration.sql --\nDROP TABLE a;\n-- down.sql --\nCREATE TABLE a ();\n"
    )
    read = history({"1_a.sql": text}, "atlas")
    (migration,) = read.migrations
    assert places(migration.up) == [("DROP TABLE a", 6, 1)]
    assert places(migration.down) == [("CREATE TABLE a ()", 8, 1)]
    assert read.notes == ("Checks before migrations are not run (1_a.sql).",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- atlas:txtar\n\n-- down.sql --\n", r"20240101_a\.sql:1:1: this archive has no '-- migration\.sql --'"),
        ("-- x\n-- atlas:import b.sql\n\n", r"20240101_a\.sql:2:4: this file imports others"),
    ],
)
def test_mistakes(one: Callable[[str], Migration], text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        one(text)


@pytest.mark.parametrize(
    ("format_name", "files"),
    [
        ("ours", {"1_a.sql": ""}),
        ("atlas", {"1_a.sql": "", "atlas.sum": ""}),
        ("atlas", {"1_a.sql": "-- atlas:nolint\n", "2_b.sql": "", "atlas.sum": ""}),
        ("pairs", {"1_a.up.sql": "", "1_a.down.sql": "", "atlas.sum": ""}),
        ("pop", {"1_a.pg.up.sql": "", "atlas.sum": ""}),
        ("goose", {"1_a.sql": "-- +goose Up\nSELECT 1;", "atlas.sum": ""}),
        ("dbmate", {"1_a.sql": "-- migrate:up\n-- migrate:down", "atlas.sum": ""}),
    ],
)
def test_detection(history: Read, format_name: str, files: dict[str, str]) -> None:
    assert history(files).format == format_name


def test_on_a_server(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project(
        {
            "1_a.sql": "-- atlas:delimiter //\nCREATE TABLE a (x int) //\nCREATE INDEX i ON a (x) //",
            "2_b.sql": "-- atlas:txtar\n\n-- migration.sql --\nDROP TABLE a;\n-- down.sql --\nCREATE TABLE a (x int);",
        }
    )
    result = pytester.runpytest("--migrations-dir=migrations", "--migrations-format=atlas")
    result.assert_outcomes(passed=4, failed=2, skipped=3)
    result.stdout.fnmatch_lines(["*There is no atlas.sum*", "missing *index *public.i *", "*2_b.sql:4:1, in the*"])
