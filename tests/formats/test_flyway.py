"""Flyway's names, settings and placeholders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.formats import read_history
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_migrations.migration import History

    Read = Callable[..., History]


def found(history: History) -> list[tuple[str, str, str | None]]:
    return [(m.version, m.name, m.down.path.name if m.down else None) for m in history.migrations]


def test_versions_are_numbers_of_several_parts_at_any_depth(history: Read) -> None:
    read = history(
        dict.fromkeys(
            ["V10__c.sql", "V1_2__a.sql", "V1.10__b.sql", "sub/deep/V1__x.SQL", "V2024.01.02.SQL", ".git/V3__d.sql"], ""
        )
    )
    assert read.format == "flyway"
    assert [version for version, _, _ in found(read)] == ["1", "1.2", "1.10", "10", "2024.01.02"]
    assert read.migrations[0].name == "sub/deep/V1__x.SQL"
    assert read.problems == ()
    assert all(migration.up.transactional for migration in read.migrations)


def test_undo_and_repeatable(history: Read) -> None:
    read = history(dict.fromkeys(["R__b_view.sql", "V2__b.sql", "U1.0__other_name.sql", "V1__a.sql", "R__a.sql"], ""))
    assert found(read) == [
        ("1", "V1__a.sql", "U1.0__other_name.sql"),
        ("2", "V2__b.sql", None),
        ("a", "R__a.sql", None),
        ("b view", "R__b_view.sql", None),
    ]
    assert read.problems == ()


def test_on_an_empty_database_the_newest_baseline_comes_first(history: Read) -> None:
    read = history(
        dict.fromkeys(["V1__a.sql", "B1__x.sql", "V2__b.sql", "U2__b.sql", "B2__y.sql", "V3__c.sql", "R__r.sql"], "")
    )
    assert [m.name for m in read.migrations] == ["B2__y.sql", "V3__c.sql", "R__r.sql"]
    assert read.problems == ()
    assert read.notes == (
        "not run on an empty database, where a baseline stands for them: B1__x.sql, V1__a.sql, V2__b.sql",
    )


@pytest.mark.parametrize(
    ("files", "problem", "message"),
    [
        (["V1__a.sql", "V01.0__b.sql"], "V1__a.sql", "has the version 1, and so has V01.0__b.sql"),
        (["R__a_b.sql", "x/R__a_b.sql"], "R__a_b.sql", "has the description a b, and so has R__a_b.sql"),
        (["V1__a.sql", "V2__b.sql", "U3__c.sql", "R__d.sql"], "U3__c.sql", "there is no V3__name.sql"),
        (["V1__a.sql", "V2_b.sql"], "V2_b.sql", "two underscores"),
        (["V1__a.sql", "v2__b.sql"], "v2__b.sql", "a capital letter"),
        (["V1__a.sql", "sub/Rviews.sql"], "Rviews.sql", "is not run"),
        (["V1__a.sql", "beforeMigrat.sql"], "beforeMigrat.sql", "is not run"),
    ],
)
def test_problems(history: Read, files: list[str], problem: str, message: str) -> None:
    (found_problem,) = history(dict.fromkeys(files, "")).problems
    assert found_problem.path.name == problem
    assert message in found_problem.message


def test_what_is_not_run_is_noted(history: Read, tmp_path: Path) -> None:
    read = history(
        dict.fromkeys(["V1.1__a.sql", "beforeMigrate.sql", "afterEachMigrateError__x.sql", "V2__b.java"], "")
    )
    assert read.problems == ()
    assert read.notes == (
        "callbacks are not run: afterEachMigrateError__x.sql, beforeMigrate.sql",
        "Only SQL is run here; left out are migrations in code: V2__b.java.",
    )


def test_code_in_the_folder_of_the_same_name_is_noted(tmp_path: Path) -> None:
    for name in ("resources/db/V1.1__a.sql", "java/db/V2__b.java", "java/db/Helper.java"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    read = read_history(tmp_path / "resources" / "db")
    assert read.notes == ("Only SQL is run here; left out are migrations in code: V2__b.java.",)


@pytest.mark.parametrize(
    ("conf", "transactional", "text"),
    [
        ("# why\nexecuteInTransaction=false\r\n", False, "\nSELECT 'x';"),
        ("executeInTransaction = TRUE", True, "\nSELECT 'x';"),
        ("placeholderReplacement=false", True, "\nSELECT '${name}';"),
        ("encoding=UTF-8\nshouldExecute=true", True, "\nSELECT 'x';"),
        ("shouldExecute=${name}==x", True, "\nSELECT 'x';"),
    ],
)
def test_the_settings_of_one_script(history: Read, conf: str, transactional: bool, text: str) -> None:
    files = {"V1__a.sql": "\nSELECT '${name}';", "V1__a.sql.conf": conf}
    (migration,) = history(files, placeholders={"name": "x"}).migrations
    assert (migration.up.transactional, migration.up.text) == (transactional, text)


@pytest.mark.parametrize("condition", ["false", "${env}!=prod", "prod==test"])
def test_a_script_that_is_not_to_run(history: Read, condition: str) -> None:
    files = {"V1__a.sql": "", "V2__b.sql": "", "V2__b.sql.conf": f"shouldExecute={condition}"}
    read = history(files, placeholders={"env": "prod"})
    assert [m.name for m in read.migrations] == ["V1__a.sql"]
    assert read.notes == ("shouldExecute=false: not run: V2__b.sql",)


@pytest.mark.parametrize(
    ("conf", "place", "what"),
    [
        ("\nencoding=ISO-8859-1", "2:10", "the encoding ISO-8859-1 is not supported"),
        ("executeInTransaction=no", "1:22", "cannot be read"),
        ("shouldExecute=a==b && c==d", "1:15", "cannot be read"),
        ("\nshouldExecute=${nobody}==x", "2:15", "the placeholder nobody has no value"),
        ("mixed=true", "1:1", "no such setting of one script: mixed"),
    ],
)
def test_settings_that_cannot_be(history: Read, conf: str, place: str, what: str) -> None:
    with pytest.raises(UserError) as caught:
        history({"V1__a.sql": "", "V1__a.sql.conf": conf})
    first, *_, remedy = str(caught.value).splitlines()
    assert f"V1__a.sql.conf:{place}: " in first
    assert what in first
    assert remedy


def test_placeholders_are_replaced_wherever_they_stand(history: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYWAY_PLACEHOLDERS_WHO", "from the environment")
    text = "-- ${Schema}\nSELECT '${who}';\nDO $$ BEGIN PERFORM '$${schema}'; END $$;\nSELECT '${flyway:filename}';"
    read = history({"V1__a.sql": text, "flyway.conf": "flyway.placeholders.who=no\n"}, placeholders={"schema": "app"})
    (migration,) = read.migrations
    assert migration.up.source == text
    assert [(s.text, s.place.line) for s in statements(migration.up)] == [
        ("SELECT 'from the environment'", 2),
        ("DO $$ BEGIN PERFORM '$app'; END $$", 3),
        ("SELECT 'V1__a.sql'", 4),
    ]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("flyway.conf", "flyway.url=x\r\nflyway.placeholders.Table=t${NOBODY}\r\nflyway.executeInTransaction=false"),
        ("flyway.toml", '[flyway]\nexecuteInTransaction = false\n\n[flyway.placeholders] # why\ntable = "t" # x\n'),
    ],
)
def test_common_settings_beside_or_above(tmp_path: Path, history: Read, name: str, settings: str) -> None:
    (tmp_path / name).write_text(settings)
    (migration,) = history(
        {"V1__a.sql": "CREATE TABLE ${table} (x text DEFAULT '${flyway:defaultSchema}');"}
    ).migrations
    assert migration.up.text == "CREATE TABLE t (x text DEFAULT 'public');"
    assert not migration.up.transactional


def test_common_settings_can_turn_placeholders_off(history: Read) -> None:
    read = history({"V1__a.sql": "SELECT '${x}';", "flyway.conf": "flyway.placeholderReplacement=false"})
    assert read.migrations[0].up.text == "SELECT '${x}';"


@pytest.mark.parametrize("text", ["\n  -- ${nobody}", "SELECT 1;\n  -- ${nobody\n more", "\n --${flyway:user}"])
def test_a_placeholder_without_a_value(history: Read, text: str) -> None:
    with pytest.raises(UserError) as caught:
        history({"V1__a.sql": text})
    message = str(caught.value)
    assert f"V1__a.sql:2:{text.split(chr(10))[1].index('$') + 1}: the placeholder " in message.splitlines()[0]
    assert "migrations_placeholders: " in message


def test_scripts_that_a_baseline_stands_for_need_no_values(history: Read) -> None:
    assert history({"V1__a.sql": "${old}", "B2__b.sql": "SELECT 1;"}).migrations[0].name == "B2__b.sql"


@pytest.mark.parametrize(
    ("format_name", "files"),
    [
        ("flyway", {"V1__a.sql": ""}),
        ("flyway", {"v1/V1__a.sql": "", "v2/V2__b.sql": ""}),
        ("pairs", {"V1__a.up.sql": "", "V1__a.down.sql": ""}),
        ("ours", {"001_a.sql": "", "old/V1__a.sql": ""}),
        ("directories", {"1_a/up.sql": "", "2_b/up.sql": "", "old/V1__a.sql": ""}),
    ],
)
def test_detection(history: Read, format_name: str, files: dict[str, str]) -> None:
    assert history(files).format == format_name


def test_a_folder_is_proved(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project(
        {
            "V1__users.sql": "CREATE TABLE ${name} (id int);\nDO $$ BEGIN PERFORM '${name}'; END $$;",
            "U1__users.sql": "DROP TABLE ${name};",
            "V2__index.sql": "CREATE INDEX CONCURRENTLY users_id ON users (id);",
            "V2__index.sql.conf": "executeInTransaction=false",
            "U2__index.sql": "DROP INDEX users_id;",
            "V3__two.sql": "CREATE TABLE kept (); CREATE TABLE users ();",
            "V3__two.sql.conf": "executeInTransaction=true",
            "afterMigrate.sql": "SELECT nothing;",
        }
    )
    pytester.makeini("[pytest]\nmigrations_placeholders = name = users")
    result = pytester.runpytest("--migrations-dir=migrations", "-v")
    result.assert_outcomes(passed=9, failed=1, skipped=3)
    result.stdout.fnmatch_lines(
        [
            "migrations: 3 in migrations/ (flyway)",
            "  callbacks are not run: afterMigrate.sql",
            "migrations/V1__users.sql::roundtrip PASSED*",
            "migrations/V2__index.sql::roundtrip PASSED*",
            '*V3__two.sql:1:36: relation "users" already exists*',
            "Nothing of this script was kept.",
        ]
    )
