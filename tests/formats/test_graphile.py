"""Committed migrations of graphile-migrate."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.formats import read_history
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_migrations.migration import History

    Read = Callable[..., History]


def hash_of(body: str, previous: str = "-") -> str:
    text = body.strip() if previous == "-" else f"{previous}\n{body.strip()}"
    return "sha1:" + hashlib.sha1(f"{text}\n".encode(), usedforsecurity=False).hexdigest()


def committed(*bodies: str) -> dict[str, str]:
    """The files 000001.sql, 000002.sql, ..., as `graphile-migrate commit` writes them."""
    files, previous = {}, "-"
    for number, body in enumerate(bodies, 1):
        hashed = hash_of(body, previous)
        files[f"{number:06}.sql"] = f"--! Previous: {previous}\n--! Hash: {hashed}\n\n{body}\n"
        previous = hashed
    return files


def below(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in files.items()}


A = "CREATE TABLE a ();"
B = "CREATE TABLE b ();"


def test_a_hash_as_graphile_migrate_computes_it() -> None:
    # printf 'CREATE TABLE a ();\n' | sha1sum
    assert hash_of(A) == "sha1:370757d654a15d29e824a96c113d86b77588d500"


def test_migrations(history: Read) -> None:
    read = history(committed(A, B))
    assert read.format == "graphile"
    assert [(m.version, m.name, m.down) for m in read.migrations] == [
        ("000001", "000001.sql", None),
        ("000002", "000002.sql", None),
    ]
    assert [s.place.line for m in read.migrations for s in statements(m.up)] == [4, 4]
    assert all(m.up.transactional for m in read.migrations)
    assert read.problems == ()
    assert read.notes == ()


def test_the_folder_of_the_project(history: Read) -> None:
    files = below("committed", committed(A)) | {
        "current.sql": "-- nothing\n",
        "fixtures/f.sql": "",
        "afterReset.sql": "",
    }
    read = history(files)
    assert [m.name for m in read.migrations] == ["committed/000001.sql"]
    assert read.problems == ()
    assert read.notes == ()


@pytest.mark.parametrize("name", ["current.sql", "current/1-b.sql"])
def test_what_is_not_committed_is_told(history: Read, name: str) -> None:
    read = history(below("committed", committed(A)) | {name: B})
    assert len(read.migrations) == 1
    assert read.notes == (f"What is not committed is left out ({name}), as `graphile-migrate migrate` does.",)


@pytest.mark.parametrize(
    ("body", "transactional"),
    [("--! no-transaction\nSELECT 1;", False), ("SELECT 1;\n--! no-transaction", True), ("-- no-transaction\n", True)],
)
def test_transactions(history: Read, body: str, transactional: bool) -> None:
    assert history(committed(body)).migrations[0].up.transactional is transactional


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"000002.sql": ("TABLE b", "TABLE c")}, "000002.sql was changed after it was committed"),
        ({"000001.sql": ("--! Hash", "--! AllowInvalidHash\n--! Hash")}, "AllowInvalidHash, but its hash is right"),
        ({"000001.sql": ("--! Previous: -\n", "")}, "no header '--! Previous: ...'"),
        ({"000001.sql": ("--! Hash", "--! Previous: -\n--! Hash")}, "two headers '--! Previous'"),
        ({"000001.sql": ("\n\n", "\n")}, "no empty line"),
        ({"000001.sql": ("\n", "\r\n")}, "its lines end in CRLF"),
    ],
)
def test_problems_of_a_file(history: Read, changes: Mapping[str, tuple[str, str]], message: str) -> None:
    files = {name: text.replace(*changes.get(name, ("", ""))) for name, text in committed(A, B).items()}
    (problem,) = history(files).problems
    assert message in problem.message
    assert problem.path.name == next(iter(changes))


def test_a_file_may_be_changed_on_purpose(history: Read) -> None:
    files = {
        name: text.replace("--! Hash", "--! AllowInvalidHash\n--! Hash").replace("a ()", "c ()")
        for name, text in committed(A).items()
    }
    assert history(files).problems == ()


def test_a_broken_chain(history: Read) -> None:
    files = committed(A, B, "SELECT 3;")
    (missing,) = history({name: text for name, text in files.items() if name != "000001.sql"}).problems
    assert missing.message.startswith("000002.sql is the first file, but says that it follows sha1:")


def test_two_branches(history: Read) -> None:
    first = committed(A, B)
    other = {"000002-c.sql": committed(A, "SELECT 3;")["000002.sql"]}
    problems = history(first | other).problems
    assert [problem.path.name for problem in problems] == ["000002.sql", "000002.sql"]
    assert "has the version 000002" in problems[0].message
    assert "000002.sql does not follow 000002-c.sql" in problems[1].message


def test_placeholders(history: Read) -> None:
    files = committed("GRANT ALL ON a TO :DATABASE_OWNER, :VISITOR; SELECT a::text, b[1:2];")
    read = history(files, placeholders={":VISITOR": "visitor"})
    assert read.migrations[0].up.text.endswith("GRANT ALL ON a TO CURRENT_USER, visitor; SELECT a::text, b[1:2];\n")
    with pytest.raises(UserError, match=r"000001\.sql:4:27: :DATABASE_NAME has no value"):
        history(committed("GRANT CONNECT ON DATABASE :DATABASE_NAME TO a;"))


def test_gmrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND", "two")
    (tmp_path / ".gmrc").write_text(
        """{
        // JSON5
        pgSettings: {"search_path": "app,'public", /* , } */ },
        "placeholders": {":FIRST": "one", ":SECOND": "!ENV", ":DATABASE_THIRD": "!ENV"},
        "afterReset": ["!afterReset.sql"],
        }"""
    )
    folder = tmp_path / "migrations" / "committed"
    folder.mkdir(parents=True)
    (folder / "000001.sql").write_text(committed("SELECT ':FIRST', ':SECOND';")["000001.sql"])
    for path in (folder, folder.parent):
        read = read_history(path)
        assert [s.text for s in statements(read.migrations[0].up)] == [
            "SELECT set_config('search_path', 'app,''public', false)",
            "SELECT 'one', 'two'",
        ]
        (note,) = read.notes
        assert "The actions of .gmrc are not run (afterReset)" in note
    (folder / "000001.sql").write_text(committed("SELECT ':DATABASE_THIRD';")["000001.sql"])
    with pytest.raises(UserError, match="DATABASE_THIRD has no value"):
        read_history(folder)


@pytest.mark.parametrize(
    ("name", "text", "note"), [(".gmrc", "{", "could not be read"), (".gmrc.js", "", "is a script")]
)
def test_a_gmrc_that_cannot_be_read(tmp_path: Path, history: Read, name: str, text: str, note: str) -> None:
    (tmp_path / name).write_text(text)
    (only,) = history(committed(A)).notes
    assert note in only


@pytest.mark.parametrize(
    ("format_name", "files"),
    [
        ("ours", {"000001_a.sql": "-- Previous: -\n"}),
        ("ours", {"000001_a.sql": "", "committed/notes.txt": ""}),
        ("graphile", committed(A) | {"000002_a.sql": ""}),
        ("graphile", {"000001.sql": "--! Message: x\n--! Previous: -\n--! Hash: sha1:1\n\n"}),
    ],
)
def test_detection(history: Read, format_name: str, files: dict[str, str]) -> None:
    assert history(files).format == format_name


def test_on_a_server(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    concurrently = "--! no-transaction\nCREATE INDEX CONCURRENTLY ON a (x);"
    project(committed("CREATE TABLE a (x int);", concurrently, "SELECT 1;\nSELECT y FROM a;"), "migrations/committed")
    result = pytester.runpytest("--migrations-dir=migrations")
    result.assert_outcomes(passed=3, failed=1, skipped=9)
    result.stdout.fnmatch_lines(["migrations: 3 in migrations/ (graphile)*", "*committed/000003.sql:5:8: column*"])
