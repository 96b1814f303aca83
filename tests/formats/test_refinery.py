"""refinery's names, and how they are told from Flyway's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_migrations.migration import History

    Read = Callable[..., History]

V1 = {"V1__a.sql": "", "V2__b.sql": ""}
LINES = "CREATE TABLE a (id int);\n\nSELECT 1;\n"


def test_migrations(history: Read) -> None:
    read = history(
        dict.fromkeys(["V10__c.sql", "V9__b.sql", "sub/U3__a_2.sql", "V0011__d.sql"], LINES) | {"V12__e.rs": ""},
        "refinery",
    )
    assert [(m.version, m.name) for m in read.migrations] == [
        ("3", "sub/U3__a_2.sql"),
        ("9", "V9__b.sql"),
        ("10", "V10__c.sql"),
        ("11", "V0011__d.sql"),
    ]
    assert all(m.down is None and m.up.transactional and m.up.text == LINES for m in read.migrations)
    assert read.problems == ()
    assert read.notes == ("Only SQL is run here; left out are migrations in code: V12__e.rs.",)


@pytest.mark.parametrize(
    ("files", "problem", "message"),
    [
        (["V1__a.sql", "U01__b.sql"], "V1__a.sql", "has the version 1, and so has U01__b.sql"),
        (["V1__a.sql", "V2_b.sql"], "V2_b.sql", "two underscores"),
        (["V1__a.sql", "V1.5__b.sql"], "V1.5__b.sql", "a whole number"),
        (["V1__a.sql", "R__b.sql"], "R__b.sql", "V or U"),
        (["V1__a.sql", "sub/V2__b-c.sql"], "V2__b-c.sql", "is not run"),
    ],
)
def test_problems(history: Read, files: list[str], problem: str, message: str) -> None:
    (found,) = history(dict.fromkeys(files, ""), "refinery").problems
    assert found.path.name == problem
    assert message in found.message


def test_versions_that_need_a_feature_are_noted(history: Read) -> None:
    read = history({"V20240101000000__a.sql": ""}, "refinery")
    assert read.notes == ("versions above 2147483647 need refinery's feature int8-versions",)


@pytest.mark.parametrize(
    ("format_name", "files", "above"),
    [
        ("flyway", V1, {}),
        ("flyway", V1, {"Cargo.toml": '[dependencies]\nserde = "1" # not refinery\n'}),
        ("flyway", V1, {"Cargo.toml": '[dependencies]\nrefinery = "0.9"\n', "flyway.conf": ""}),
        ("flyway", V1 | {"U1__a.sql": ""}, {}),
        ("flyway", V1 | {"U3__a.sql": "", "R__c.sql": ""}, {}),
        ("flyway", V1 | {"U3__a.sql": "", "B1__c.sql": ""}, {}),
        ("flyway", V1 | {"U3__a.sql": "", "V3_1__c.sql": ""}, {}),
        ("flyway", V1 | {"U3__a.sql": "", "V1__a.sql.conf": ""}, {}),
        ("refinery", V1 | {"U3__a.sql": ""}, {}),
        ("refinery", {"U1__a.sql": "", "U2__b.sql": ""}, {}),
        ("refinery", V1, {"refinery.toml": ""}),
        ("refinery", V1 | {"R__c.sql": ""}, {"Cargo.toml": '[dependencies]\nrefinery = "0.9"\n'}),
        ("refinery", V1, {"Cargo.toml": '[dependencies.refinery]\nversion = "0.9"\n'}),
    ],
)
def test_flyway_or_refinery(
    tmp_path: Path, history: Read, format_name: str, files: dict[str, str], above: dict[str, str]
) -> None:
    for name, text in above.items():
        (tmp_path / name).write_text(text)
    assert history(files).format == format_name


@pytest.mark.parametrize(("files", "notes"), [(V1, 1), (V1 | {"U2__b.sql": ""}, 0), (V1 | {"R__c.sql": ""}, 0)])
def test_names_that_tell_nothing_are_noted(history: Read, files: dict[str, str], notes: int) -> None:
    assert len(history(files).notes) == notes


def test_what_lies_above_the_repository_tells_nothing(tmp_path: Path, history: Read) -> None:
    (tmp_path / "refinery.toml").touch()
    (tmp_path / "migrations" / ".git").mkdir(parents=True)
    assert history(V1).format == "flyway"


def test_a_folder_is_proved(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project(
        {"V1__users.sql": "CREATE TABLE users (id int);", "U2__two.sql": "CREATE TABLE a (); CREATE TABLE users ();"}
    )
    result = pytester.runpytest("--migrations-dir=migrations")
    result.assert_outcomes(passed=2, failed=1, skipped=6)
    result.stdout.fnmatch_lines(["migrations: 2 in migrations/ (refinery)*", "Nothing of this script was kept."])
