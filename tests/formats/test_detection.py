"""Which format a folder is, and what cannot be read at all."""

from __future__ import annotations

import errno
import time
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.formats import FORMATS, Folder, read_history

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_migrations.migration import History

    Read = Callable[..., History]
    Write = Callable[[Mapping[str, str | bytes]], Path]

GOOSE = "-- +goose Up\nSELECT 1;\n"
DBMATE = "-- migrate:up\nSELECT 1;\n-- migrate:down\n"
OURS = "SELECT 1;\n-- ROLLBACK:\n-- SELECT 2;\n-- END ROLLBACK\n"


#: A folder of each format, as its tool makes it.
EACH = {
    "ours": {"001_a.sql": OURS, "002_b.sql": "SELECT 1;"},
    "pairs": {"000001_a.up.sql": "", "000001_a.down.sql": ""},
    "directories": {"2024-01-01-000000_a/up.sql": "", "2024-01-01-000000_a/down.sql": ""},
    "prisma": {"20240101000000_a/migration.sql": "", "migration_lock.toml": 'provider = "postgresql"\n'},
    "goose": {"00001_a.sql": GOOSE, "00002_b.sql": GOOSE + "-- +goose Down\nSELECT 2;\n"},
    "dbmate": {"20240101000000_a.sql": DBMATE},
    "flyway": {"V1__a.sql": "", "V1_1__b.sql": "", "R__views.sql": ""},
    "refinery": {"V1__a.sql": "", "../refinery.toml": "[main]\n"},
    "sqitch": {
        "sqitch.plan": "%syntax-version=1.0.0\n%project=app\n\na 2024-01-31T12:00:00Z Ann <ann@example.com> # why\n",
        **{f"{kind}/a.sql": f"-- {kind} app:a to pg\nSELECT 1;\n" for kind in ("deploy", "revert", "verify")},
    },
    "pop": {"20240101000000_a.postgres.up.sql": "", "20240101000000_a.postgres.down.sql": ""},
    "drizzle": {
        "0000_a.sql": "SELECT 1;--> statement-breakpoint\nSELECT 2;",
        "meta/0000_snapshot.json": "{}",
        "meta/_journal.json": '{"version": "7", "dialect": "postgresql", '
        '"entries": [{"idx": 0, "when": 1704067200000, "tag": "0000_a", "breakpoints": true}]}',
    },
    "supabase": {"20240101000000_a.sql": "", "../config.toml": 'project_id = "app"\n'},
    "atlas": {"20240101000000_a.sql": "", "atlas.sum": "h1:x=\n20240101000000_a.sql h1:x=\n"},
    "graphile": {"000001.sql": "--! Previous: -\n--! Hash: sha1:0\n\nSELECT 1;\n"},
    "liquibase": {"a.sql": "--liquibase formatted sql\n--changeset ann:1\nSELECT 1;\n--rollback SELECT 2;\n"},
    "sql-migrate": {"1_a.sql": "-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2;\n"},
    "yoyo": {"0001.a.sql": "-- depends:\n", "0002.b.sql": "-- depends: 0001.a\n", "0002.b.rollback.sql": ""},
    "node-pg-migrate": {"1704067200000_a.sql": "-- Up Migration\nSELECT 1;\n-- Down Migration\nSELECT 2;\n"},
    "tern": {"001_a.sql": "SELECT 1;\n---- create above / drop below ----\nSELECT 2;\n", "../tern.conf": ""},
    "rambler": {"001_a.sql": "-- rambler up\nSELECT 1;\n-- rambler down\nSELECT 2;\n"},
    "alembic": {
        "env.py": "from alembic import context\n",
        "script.py.mako": "",
        "versions/a.py": 'revision = "a"\ndown_revision = None\n\ndef upgrade():\n    pass\n',
    },
}


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_other_format_claims_a_folder(tmp_path: Path, format_name: str) -> None:
    path = tmp_path / ("supabase/migrations" if format_name == "supabase" else "db/migrations")
    path.mkdir(parents=True)
    for name, content in EACH[format_name].items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content)
    folder = Folder(path, {})
    assert [name for name, known in FORMATS.items() if known.evidence(folder)] == [format_name]
    read = read_history(path)
    assert read.format == format_name
    assert read.migrations


@pytest.mark.parametrize(
    ("format_name", "files"),
    [
        ("ours", {"001_a.sql": OURS}),
        ("ours", {"001_a.sql": "SELECT 1;"}),
        ("ours", {"001_scale_up.sql": "SELECT 1;"}),
        ("ours", {"001_a.sql": "-- Migration 1: like +goose Up and migrate:up\n"}),
        ("ours", {"001_a.sql": "SELECT '-- +goose Up';"}),
        ("pairs", {"001_a.up.sql": "", "001_a.down.sql": ""}),
        ("pairs", {"001_a.up.sql": OURS, "002_b.up.sql": ""}),
        ("pairs", {"001_a_up.sql": "", "001_a_down.sql": ""}),
        ("directories", {"1_a/up.sql": "", "1_a/down.sql": ""}),
        ("directories", {"1_a/up.sql": "", "2_b/up.sql": "", "002_b.sql": OURS}),
        ("prisma", {"1_a/migration.sql": "", "migration_lock.toml": ""}),
        ("goose", {"1_a.sql": GOOSE, "2_b.sql": GOOSE}),
        ("goose", {"1_a.sql": "\ufeff" + GOOSE}),
        ("goose", {"1_a.sql": GOOSE.replace("\n", "\r\n")}),
        ("goose", {"1_a.up.sql": GOOSE, "2_b.sql": GOOSE}),
        ("dbmate", {"1_a.sql": DBMATE}),
        ("dbmate", {"1_a.sql": DBMATE.replace("\n", "\r\n")}),
    ],
)
def test_detection(history: Read, format_name: str, files: dict[str, str]) -> None:
    read = history(files)
    assert read.format == format_name
    assert read.migrations
    assert history(files, format_name) == read


@pytest.mark.parametrize(
    ("files", "both"),
    [
        ({"1_a.sql": GOOSE, "2_b.sql": DBMATE}, ("goose", "dbmate")),
        ({"1_a/up.sql": "", "2_b/migration.sql": ""}, ("directories", "prisma")),
        ({"1_a.up.sql": "", "2_b.sql": OURS}, ("ours", "pairs")),
        ({"1_a.sql": GOOSE + OURS}, ("ours", "goose")),
    ],
)
def test_an_ambiguous_folder(history: Read, files: dict[str, str], both: tuple[str, str]) -> None:
    with pytest.raises(UserError) as caught:
        history(files)
    assert "more than one format" in str(caught.value)
    assert f"--migrations-format={both[0]} or --migrations-format={both[1]}" in str(caught.value)
    assert next(iter(files)) in str(caught.value)


@pytest.mark.parametrize("files", [{}, {"README.md": ""}, {"notes.sql": ""}, {"x/y.txt": ""}, {"init.up.sql": ""}])
def test_nothing_found(history: Read, files: dict[str, str]) -> None:
    with pytest.raises(UserError, match=r"no migrations found\. Looked for:") as caught:
        history(files)
    for known in FORMATS.values():
        assert known.looks_like in str(caught.value)


def test_nothing_of_the_named_format(history: Read) -> None:
    with pytest.raises(UserError, match="no migrations found") as caught:
        history({"1_a.sql": GOOSE}, "directories")
    assert "version_name/up.sql" in str(caught.value)
    assert "It holds 1_a.sql." in str(caught.value)


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere: no such folder.*--migrations-dir"):
        read_history(tmp_path / "nowhere")
    (tmp_path / "a.sql").touch()
    with pytest.raises(UserError, match=r"a\.sql is a file"):
        read_history(tmp_path / "a.sql")


def test_an_unknown_format(history: Read) -> None:
    with pytest.raises(UserError, match="--migrations-format=south: there is no such format") as caught:
        history({"1_a.sql": ""}, "south")
    assert all(f"  {name}: " in str(caught.value) for name in FORMATS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("SELECT 1;\n-- é\xe9".encode("latin-1"), r"1_a\.sql:2:4: the byte 0xE9 is not UTF-8"),
        ("-- é ".encode() + b"\xff", r"1_a\.sql:1:6: the byte 0xFF is not UTF-8"),
        ("SELECT 1;".encode("utf-16"), "(?s)0xFF is not UTF-8.*UTF-16"),
        (b"SELECT 1;\nSELECT '\0';", r"1_a\.sql:2:9: a NUL character"),
    ],
)
def test_bytes_that_are_no_text(history: Read, content: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        history({"1_a.sql": content})


def test_a_file_that_belongs_to_no_migration_may_hold_anything(history: Read) -> None:
    assert history({"1_a.sql": "", "notes.sql": b"\xff\0"}).migrations[0].name == "1_a.sql"


def test_a_file_that_may_not_be_read(folder: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder({"1_a.sql": ""})

    def refuse(_: Path) -> bytes:  # root, who runs the tests in a container, may read everything
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    with pytest.raises(UserError, match=r"1_a\.sql cannot be read: Permission denied"):
        read_history(path)


def test_a_link_to_nothing_cannot_be_read(folder: Write) -> None:
    path = folder({"1_a.sql": ""})
    (path / "2_b.sql").symlink_to(path / "gone.sql")
    with pytest.raises(UserError, match=r"2_b\.sql cannot be read: No such file"):
        read_history(path)


def test_a_linked_file_counts(folder: Write) -> None:
    path = folder({"1_a.sql": ""})
    (path / "2_b.sql").symlink_to(path / "1_a.sql")
    assert [m.name for m in read_history(path).migrations] == ["1_a.sql", "2_b.sql"]


def test_a_thousand_files_are_read_at_once(folder: Write) -> None:
    body = "CREATE TABLE t (a text DEFAULT 'x');\n" * 20
    path = folder({f"{number:04}_x.sql": body + OURS for number in range(1000)})
    start = time.process_time()
    assert len(read_history(path).migrations) == 1000
    assert time.process_time() - start < 3  # 0.5 s on an idle machine


@pytest.mark.parametrize(("name", "characters"), [("001_a[b].sql", "["), ("001_a::b.sql", "::")])
def test_names_that_no_id_can_hold(history: Read, name: str, characters: str) -> None:
    (problem,) = history({name: OURS}).problems
    assert problem.message.startswith(f"{name} has {characters} in its name")


@pytest.mark.parametrize(
    ("format_name", "files", "code"),
    [
        ("flyway", ["V1_5__a.sql", "R__b.sql", "V1.10__c.java", "R__a.kt", "V0__z.py"], [1, 1, 0]),
        ("refinery", ["V2__a.sql", "V10__b.sql", "V9__c.rs"], [1]),
        ("node-pg-migrate", ["2_a.sql", "10_b.sql", "9_c.ts"], [1]),
        ("yoyo", ["001.a.sql", "002.b.py", "003.c.sql"], [1]),
        ("pop", ["1_a.up.sql", "2_b.up.fizz", "2_b.down.fizz", "3_c.up.sql"], [1]),
    ],
)
def test_what_is_in_code_has_its_place(folder: Write, format_name: str, files: list[str], code: list[int]) -> None:
    read = read_history(folder(dict.fromkeys(files, "")), format_name)
    assert {item.name: item.position for item in read.in_code} == dict(
        zip([name for name in files if not name.endswith((".sql", ".down.fizz"))], code, strict=True)
    )
