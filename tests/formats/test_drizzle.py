"""Drizzle's journal, and its folders."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.formats import read_history
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_migrations.migration import History

    Read = Callable[..., History]


def journal(*tags: str, dialect: str = "postgresql", **more: Any) -> dict[str, str]:
    entries = [{"idx": number, "when": 1000 + number, "tag": tag} for number, tag in enumerate(tags)]
    return {"meta/_journal.json": json.dumps({"version": "7", "dialect": dialect, "entries": entries} | more)}


def folder_of(name: str, text: str = "", dialect: str = "postgres") -> dict[str, str]:
    return {f"{name}/migration.sql": text, f"{name}/snapshot.json": json.dumps({"version": "8", "dialect": dialect})}


def test_the_journal_says_the_order(history: Read) -> None:
    read = history({"0001_b.sql": "", "0000_a.sql": "", "0002_c.sql": ""} | journal("0002_c", "0000_a", "0001_b"))
    assert read.format == "drizzle"
    assert [(m.version, m.name) for m in read.migrations] == [
        ("0002", "0002_c.sql"),
        ("0000", "0000_a.sql"),
        ("0001", "0001_b.sql"),
    ]
    assert all(m.down is None and m.up.transactional for m in read.migrations)
    assert read.problems == ()


def test_the_names_of_folders_say_the_order(history: Read) -> None:
    read = history(folder_of("20240102000000_b") | folder_of("20240101000000_a"))
    assert read.format == "drizzle"
    assert [(m.version, m.name) for m in read.migrations] == [
        ("20240101000000", "20240101000000_a/migration.sql"),
        ("20240102000000", "20240102000000_b/migration.sql"),
    ]


def test_a_breakpoint_ends_a_statement(history: Read) -> None:
    end = "--> statement-breakpoint"
    text = f"CREATE TABLE a ();{end}\nSELECT 1\n{end}\nSELECT 2;{end} SELECT 3"
    (migration,) = history({"0000_a.sql": text} | journal("0000_a")).migrations
    assert [(s.text, s.place.line, s.place.column) for s in statements(migration.up)] == [
        ("CREATE TABLE a ()", 1, 1),
        ("SELECT 1", 2, 1),
        ("SELECT 2", 4, 1),
        ("SELECT 3", 4, 35),
    ]


def test_a_transaction_that_the_script_leaves_open_is_committed(history: Read) -> None:
    end = "--> statement-breakpoint"
    text = f"SELECT 1;\n{end}\nCOMMIT;\n{end}\nSELECT 2;\n{end}\nBEGIN;\n{end}\nSELECT 3"
    (migration,) = history({"0000_a.sql": text} | journal("0000_a")).migrations
    assert [s.text for s in statements(migration.up)] == [
        "SELECT 1",
        "COMMIT",
        "SELECT 2",
        "BEGIN",
        "SELECT 3",
        "COMMIT",
    ]


@pytest.mark.parametrize(
    ("files", "messages"),
    [
        (journal("0000_a", "0001_gone"), ["lists 0001_gone, but there is no 0001_gone.sql"]),
        (journal("0000_a") | {"0001_b.sql": ""}, [r"0001_b\.sql is not run, since its name is not in meta/_journal"]),
        (journal("0000_a", "0000_a"), ["lists 0000_a 2 times"]),
        (
            journal(entries=[{"when": 5, "tag": "0000_a"}, {"when": 4, "tag": "0001_b"}]) | {"0001_b.sql": ""},
            [r"0001_b\.sql is never run where 0000_a\.sql has been"],
        ),
    ],
)
def test_problems(history: Read, files: dict[str, str], messages: list[str]) -> None:
    problems = history({"0000_a.sql": ""} | files).problems
    assert len(problems) == len(messages)
    assert all(re.search(message, problem.message) for message, problem in zip(messages, problems, strict=True))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (journal("0000_a", dialect="sqlite"), r"_journal\.json: these migrations are for sqlite, not for PostgreSQL"),
        (journal("0000_a", entries=[{"tag": "0000_a"}]), "is no journal of drizzle"),
        (journal("0000_a", entries=None), "is no journal of drizzle"),
        ({"meta/_journal.json": "[]"}, "is no journal of drizzle"),
        ({"meta/_journal.json": '{\n  "entries": [\n<<<<<<< HEAD\n'}, r"_journal\.json:3:1: this is no JSON"),
        (folder_of("2024_b", dialect="mysql"), r"2024_b/snapshot\.json: these migrations are for mysql"),
    ],
)
def test_mistakes(history: Read, files: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        history({"0000_a.sql": ""} | files)


@pytest.mark.parametrize(
    ("format_name", "files"),
    [
        ("ours", {"0000_a.sql": ""}),
        ("ours", {"0000_a.sql": "", "meta/0000_snapshot.json": ""}),
        ("prisma", {"1_a/migration.sql": "", "2_b/migration.sql": ""}),
        ("drizzle", {"1_a/migration.sql": "", "2_b/migration.sql": ""} | folder_of("3_c")),
        ("drizzle", {"0000_a_up.sql": "", "0000_a_down.sql": ""} | journal("0000_a_up", "0000_a_down")),
    ],
)
def test_detection(history: Read, format_name: str, files: Mapping[str, str]) -> None:
    assert history(files).format == format_name


def test_what_drizzle_writes_into_a_folder_of_supabase_is_run_by_supabase(tmp_path: Path) -> None:
    folder = tmp_path / "supabase" / "migrations"
    (folder / "meta").mkdir(parents=True)
    for name, text in ({"20240101000000_a.sql": ""} | journal("20240101000000_a")).items():
        (folder / name).write_text(text)
    assert read_history(folder).format == "supabase"


def test_on_a_server(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project({"_journal.json": journal("0000_first", "0001_second")["meta/_journal.json"]}, "migrations/meta")
    project(
        {
            "0000_first.sql": "CREATE TABLE a (x int)\n--> statement-breakpoint\nCREATE INDEX i ON a (x)",
            "0001_second.sql": "DROP INDEX i;--> statement-breakpoint\nALTER TABLE a DROP COLUMN x;",
        }
    )
    result = pytester.runpytest("--migrations-dir=migrations")
    result.assert_outcomes(passed=3, skipped=6)
    result.stdout.fnmatch_lines(["migrations: 2 in migrations/ (drizzle)*"])
