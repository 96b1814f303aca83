"""pop's pairs of files for several databases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_migrations.migration import History

    Read = Callable[..., History]


def pair(stem: str) -> dict[str, str]:
    return {f"{stem}.up.sql": f"-- {stem}", f"{stem}.down.sql": f"-- {stem}"}


def found(history: History) -> list[tuple[str, str, str | None]]:
    return [(m.version, m.name, m.down.path.name if m.down else None) for m in history.migrations]


@pytest.mark.parametrize(
    ("stems", "expected"),
    [
        (["1_a.postgres", "1_a.mysql", "1_a.sqlite3"], ["1_a.postgres"]),
        (["1_a", "1_a.postgres", "2_b", "2_b.mysql"], ["1_a.postgres", "2_b"]),
        (["1_a.pgx", "2_b.pg", "3_c.postgresql"], ["1_a.pgx", "2_b.pg", "3_c.postgresql"]),
        (["1_a", "2_b.cockroach"], ["1_a"]),
        (["1_a.autocommit", "2_b.postgres.autocommit"], ["1_a.autocommit", "2_b.postgres.autocommit"]),
        (["2_b", "1_a.mysql", "deeper/1_a"], ["deeper/1_a", "2_b"]),
    ],
)
def test_the_file_for_postgresql_wins(history: Read, stems: list[str], expected: list[str]) -> None:
    read = history({name: text for stem in stems for name, text in pair(stem).items()})
    assert read.format == "pop"
    assert [m.name for m in read.migrations] == [f"{stem}.up.sql" for stem in expected]
    assert [m.down.text for m in read.migrations if m.down] == [f"-- {stem}" for stem in expected]
    assert read.problems == ()


def test_up_and_down_are_chosen_each_for_itself(history: Read) -> None:
    read = history(dict.fromkeys(["1_a.up.sql", "1_a.down.sql", "1_b.postgres.down.sql", "2_c.mysql.up.sql"], ""))
    assert found(read) == [("1", "1_a.up.sql", "1_b.postgres.down.sql")]


def test_autocommit_means_no_transaction(history: Read) -> None:
    (first, second) = history(pair("1_a.postgres.autocommit") | pair("2_b")).migrations
    assert not first.up.transactional
    assert first.down is not None
    assert not first.down.transactional
    assert second.up.transactional


def test_what_is_left_out_is_told(history: Read) -> None:
    read = history(pair("1_a") | pair("1_a.mysql") | pair("1_a.crdb") | {"2_b.up.fizz": "", "2_b.down.fizz": ""})
    assert read.notes == (
        "Files for other databases are left out: 4 (crdb, mysql).",
        "Only SQL is run here; left out are migrations in code: 2_b.up.fizz.",
    )


@pytest.mark.parametrize(
    ("names", "problem", "message"),
    [
        (["1_a.pg.up.sql", "1_b.postgres.up.sql"], "1_a.pg.up.sql", "is never run.*1_b.postgres.up.sql"),
        (["1_a.pg.up.sql", "2_b.pg.down.sql"], "2_b.pg.down.sql", "rolls back nothing"),
        (["10_a.pg.up.sql", "9_b.up.sql"], "9_b.up.sql", "pop sorts versions as text"),
        (["1_a.pg.up.sql", "2_b.oracle.up.sql"], "2_b.oracle.up.sql", "is not run"),
        (["1_a.pg.up.sql", "a.pg.up.sql"], "a.pg.up.sql", "is not run"),
    ],
)
def test_problems(history: Read, names: list[str], problem: str, message: str) -> None:
    read = history(dict.fromkeys(names, ""), "pop")
    assert len({migration.version for migration in read.migrations}) == len(read.migrations)
    assert problem not in [migration.name for migration in read.migrations] or "sorts" in message
    (only,) = read.problems
    assert only.path.name == problem
    assert re.search(message, only.message)


def test_templates(history: Read) -> None:
    files = {
        "1_a.pg.up.sql": 'CREATE TABLE {{ index .Options "Namespace" }}.a ();\nSELECT {{identifier .Parameters.b}};\n'
    }
    read = history(files, placeholders={"Namespace": "auth", "b": "2"})
    assert read.migrations[0].up.text == "CREATE TABLE auth.a ();\nSELECT 2;\n"
    with pytest.raises(UserError) as caught:
        history(files, placeholders={"Namespace": "auth"})
    assert "1_a.pg.up.sql:2:8: {{identifier .Parameters.b}} has no value" in str(caught.value)
    assert "migrations_placeholders" in str(caught.value)


@pytest.mark.parametrize(
    ("format_name", "names"),
    [
        ("pairs", ["1_a.up.sql", "1_a.down.sql"]),
        ("pairs", ["1_a.b.up.sql", "1_a.b.down.sql"]),
        ("pairs", ["1_mysql.up.sql", "1_mysql.down.sql"]),
        ("pairs", ["1_a.up.sql", "1_a.down.sql", "2_b.up.sql", "postgres.up.sql"]),
        ("pop", ["1_a.up.sql", "2_b.postgres.up.sql"]),
        ("pop", ["1_a.autocommit.up.sql"]),
        ("pop", ["1_a.up.sql", "1_a.down.sql", "2_b.sqlite.down.sql"]),
    ],
)
def test_detection(history: Read, format_name: str, names: list[str]) -> None:
    assert history(dict.fromkeys(names, "")).format == format_name


def test_nothing_but_fizz(history: Read) -> None:
    with pytest.raises(UserError, match=r"in fizz \(1_a.up.fizz\)"):
        history({"1_a.up.fizz": "", "2_b.up.fizz": ""})


def test_on_a_server(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project(
        {
            "1_a.up.sql": "CREATE TABLE a (id int);",
            "1_a.down.sql": "DROP TABLE a;",
            "2_b.postgres.autocommit.up.sql": "CREATE INDEX CONCURRENTLY i ON a (id);",
            "2_b.mysql.up.sql": "CREATE INDEX `i` ON a (id);",
            "2_b.postgres.autocommit.down.sql": "DROP INDEX CONCURRENTLY i;",
        }
    )
    result = pytester.runpytest("--migrations-dir=migrations")
    result.assert_outcomes(passed=9)
    result.stdout.fnmatch_lines(
        ["migrations: 2 in migrations/ (pop)*", "*Files for other databases are left out: 1 (mysql)."]
    )
