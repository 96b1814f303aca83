"""``new``: what files it writes, what they are called, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timezone
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from pytest_migrations.blueprints.blueprint import blueprints
from pytest_migrations.blueprints.files import write_drafts
from pytest_migrations.cli import _run
from pytest_migrations.errors import UserError
from pytest_migrations.formats import read_history
from pytest_migrations.formats.writing.draft import Draft
from pytest_migrations.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator


#: Tools that make a transaction around every migration.
TRANSACTIONS_ONLY = {"refinery", "supabase", "node-pg-migrate"}


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def new(*arguments: str) -> int:
    return _run(["new", *arguments])


def written(folder: Path | str = "migrations") -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("there", "name", "expected"),
    [
        ([], "Add Users", "001_add_users.sql"),
        (["001_a.sql", "002_b.sql"], "x", "003_x.sql"),
        (["001_a.sql", "007_b.sql"], "a gap stays one", "008_a_gap_stays_one.sql"),
        (["099_a.sql"], "x", "100_x.sql"),
        (["9_a.sql"], "x", "10_x.sql"),
        (["0009_a.sql", "README.md"], "x", "0010_x.sql"),
        (["20991231235959_a.sql"], "after the newest", "21000101000000_after_the_newest.sql"),
        (["001_a.sql"], "Größe der  Änderung!", "002_grosse_der_anderung.sql"),
        (["001_a.sql"], "../../etc/passwd\nDROP TABLE users;", "002_etc_passwd_drop_table_users.sql"),
        (["001_a.sql"], "таблица", "002_таблица.sql"),
        (["001_a.sql"], "x.sql", "002_x.sql"),
        (["001_a.sql"], "long " * 50, f"002_{('long_' * 50)[:99]}.sql"),
    ],
)
def test_names(there: list[str], name: str, expected: str) -> None:
    Path("migrations").mkdir()
    for file in there:
        Path("migrations", file).write_text("CREATE TABLE t ();\n")
    assert new(name) == 0
    assert set(written()) - set(there) == {expected}
    history = read_history(Path("migrations"))
    assert history.migrations[-1].name == expected
    assert not history.problems


NOW = datetime(2026, 2, 28, 23, 59, 30, 123456, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["20260101000000_a.up.sql"], "20260228235930_x.up.sql"),
        (["1700000000_a.up.sql"], "1772323170_x.up.sql"),
        (["2024010101_a.up.sql"], "2026022823_x.up.sql"),
        (["20260301_a.up.sql"], "20260302_x.up.sql"),
        (["V001__a.up.sql", "V002__b.up.sql"], "V003__x.up.sql"),
        (["000001-a.up.sql"], "000002-x.up.sql"),
        (["001_a_up.sql", "001_a_down.sql"], "002_x_up.sql"),
        (["2024-01-01-000000_a/up.sql"], "2026-02-28-235930_x/up.sql"),
        (["2024-01-01-000000-0000_a/up.sql"], "2026-02-28-235930-0000_x/up.sql"),
        (["2026-03-01-000000-0001_a/up.sql"], "2026-03-01-000000-0002_x/up.sql"),
        (["00000000000000_diesel/up.sql", "00001_b/up.sql"], "00002_x/up.sql"),
        (["0001_a/migration.sql", "migration_lock.toml"], "0002_x/migration.sql"),
        (["V1__a.sql", "V1.1__b.sql", "R__c.sql"], "V1.2__x.sql"),
        (["V1_9__a.sql", "V1_10__b.sql"], "V1_11__x.sql"),
        (["2025/V7__a.sql", "2026/V8__a.sql", "2026/R__c.sql"], "2026/V9__x.sql"),
        (["V2026.01.31.11.22.33__a.sql", "B1__b.sql"], "V2026.02.28.23.59.30__x.sql"),
        (["../refinery.toml", "V1__a.sql", "V3__b.rs"], "V4__x.sql"),
        (["20260101_a.postgres.up.sql", "20260101_a.mysql.up.sql"], "20260228_x.postgres.up.sql"),
        (["20260101_a.autocommit.up.sql", "20260201_b.up.sql"], "20260228_x.up.sql"),
        (["20260101_01_abcde-a.rollback.sql", "20260101_01_abcde-a.sql"], "20260228_01_?????-x.sql"),
        (["20260228_09_abcde-a.rollback.sql", "20260228_09_abcde-a.sql"], "20260228_10_?????-x.sql"),
        (["0001.a.rollback.sql", "0001.a.sql"], "0002.x.sql"),
    ],
)
def test_versions_are_those_of_the_folder(there: list[str], expected: str) -> None:
    for file in there:
        path = Path("migrations", file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("CREATE TABLE t ();\n")
    draft = Draft("x", "CREATE TABLE x ();\n", "DROP TABLE x;\n", NOW)
    path = write_drafts(Path("migrations"), None, [draft]).paths[0]
    assert fnmatch(path.relative_to("migrations").as_posix(), expected)
    history = read_history(Path("migrations"))
    assert history.migrations[-1 if "R__c.sql" not in str(there) else -2].path == path


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ("1700000000000_a.sql", "1772323170123_x.sql"),
        ("1700000000000_a-b.js", "1772323170123_x.sql"),
        ("20260101000000000_a.sql", "20260228235930123_x.sql"),
        ("0001_a.sql", "0002_x.sql"),
    ],
)
def test_versions_of_node_pg_migrate(there: str, expected: str) -> None:
    Path("migrations").mkdir()
    Path("migrations", there).write_text("-- Up Migration\n")
    write_drafts(Path("migrations"), "node-pg-migrate", [Draft("x", "", "", NOW)])
    assert expected in written()


def test_a_number_that_would_be_sorted_before_the_others() -> None:
    Path("migrations").mkdir()
    for number in range(1, 10):
        Path("migrations", f"{number}_a.sql").write_text("-- migrate:up\n-- migrate:down\n")
    with pytest.raises(UserError, match="The next version is 10, but dbmate sorts versions as text"):
        write_drafts(Path("migrations"), None, [Draft("x", "", "", NOW)])
    assert len(written()) == 9


@pytest.mark.parametrize(
    ("format_name", "command"),
    [
        ("sqitch", "sqitch add it_s --note 'it'\"'\"'s'"),
        ("drizzle", "drizzle-kit generate --custom --name=it_s"),
        ("graphile", "graphile-migrate commit --message"),
        ("liquibase", "choose one, and write there"),
        ("alembic", "alembic revision -m"),
    ],
)
def test_what_only_the_tool_can_write(capsys: pytest.CaptureFixture[str], format_name: str, command: str) -> None:
    assert new("it's", f"--format={format_name}") == 2
    assert command in capsys.readouterr().err
    assert not Path("migrations").exists()


@pytest.mark.parametrize("format_name", sorted(TRANSACTIONS_ONLY))
def test_what_a_tool_cannot_run(capsys: pytest.CaptureFixture[str], format_name: str) -> None:
    assert new("x", "--template=index-concurrently", f"--format={format_name}") == 2
    assert "runs every migration in a transaction, and this one cannot be in one" in capsys.readouterr().err
    assert not Path("migrations").exists()


def test_nothing_is_left_where_one_of_several_cannot_be_written() -> None:
    Path("migrations").mkdir()
    Path("migrations", "001_a.sql").write_text("SELECT 1;\n")
    drafts = [Draft("one", "", "", NOW), Draft("two", "\ud800", "", NOW)]
    with pytest.raises(UnicodeEncodeError):
        write_drafts(Path("migrations"), None, drafts)
    assert written() == ["001_a.sql"]


def test_two_at_once() -> None:
    others = []

    def drafts() -> Iterator[Draft]:
        others.append(subprocess.Popen([sys.executable, "-m", "pytest_migrations", "new", "y"]))
        with pytest.raises(subprocess.TimeoutExpired):  # it takes a tenth of that where nobody is before it
            others[0].wait(2)
        yield Draft("x", "", "", NOW)

    write_drafts(Path("migrations"), None, drafts())
    assert others[0].wait(60) == 0
    assert written() == ["001_x.sql", "002_y.sql"]


def test_flyways_names_that_may_be_refinerys(capsys: pytest.CaptureFixture[str]) -> None:
    """To refinery U2__x.sql would be one more migration, and run."""
    Path("migrations").mkdir()
    Path("migrations", "V1__a.sql").write_text("SELECT 1;\n")
    assert new("x") == 0
    assert written() == ["V1__a.sql", "V2__x.sql"]
    assert "With --format=flyway there is one." in capsys.readouterr().out
    assert new("y", "--format=flyway") == 0
    assert written() == ["U3__y.sql", "V1__a.sql", "V2__x.sql", "V3__y.sql"]


def test_the_sum_of_atlas_is_kept_up() -> None:
    assert new("x", "--format=atlas") == 0
    assert new("y") == 0
    history = read_history(Path("migrations"))
    assert (history.format, len(history), history.problems) == ("atlas", 2, ())
    history.migrations[0].path.write_text("SELECT 1;\n")
    before = written()
    assert new("z") == 2
    assert written() == before


def test_yoyo_depends_on_the_newest() -> None:
    assert new("a", "--format=yoyo") == 0
    assert new("b") == 0
    first, second = read_history(Path("migrations"))
    assert second.dependencies == (first.name.removesuffix(".sql"),)


def test_the_list_of_templates(capsys: pytest.CaptureFixture[str]) -> None:
    assert new("--template") == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == ["template", *(each.name for each in blueprints())]
    assert listed[1].startswith("empty ")
    assert max(map(len, listed)) <= 120


def test_what_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert new("add email", "--template=column", "table=users") == 0
    assert capsys.readouterr().out == (
        "migrations/001_add_email.sql written (ours)\n"
        "Put your own in the place of column_name.\n"
        "Next: pytest-migrations test proves it, pytest-migrations run applies it.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Say what the migration is for"),
        (("table=users", "--template=table"), "Say what the migration is for"),
        (("!?",), "no letter or digit"),
        (("add", "users"), "'users' is no KEY=VALUE. A name of several words goes into quotes."),
        (("x", "--template=colum"), "There is no template 'colum'. Did you mean column?"),
        (("x", "--template=table", "tabel=users"), "The template table takes no value 'tabel'. It takes table."),
        (("x", "table=users"), "The template empty takes no value 'table'. It takes none."),
        (("x", "--template=table", "table="), "table= is empty"),
        (("x", "--template=table", "table=a\nb"), "table= has several lines"),
        (("x", "--format=nothing"), "--format=nothing: there is no such format."),
        (("x", "--dir=file"), "file is a file. Name the folder it lies in in --dir."),
        (("x", "--dir=others"), "others: no migrations found."),
        (("x", "--dir=file/below"), "file/below: Not a directory. Nothing was written."),
    ],
)
def test_bad_input(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str) -> None:
    Path("file").write_text("")
    Path("others").mkdir()
    Path("others", "0001_initial.py").write_text("")
    assert new(*arguments) == 2
    assert told in capsys.readouterr().err
    assert written(".") == ["file", "others/0001_initial.py"]


@pytest.mark.parametrize(
    ("table", "create", "drop_index"),
    [
        ("users", "CREATE TABLE users (", "DROP INDEX CONCURRENTLY users_order_idx;"),
        ("app.Users", "CREATE TABLE app.users (", "DROP INDEX CONCURRENTLY app.users_order_idx;"),
        ("select", 'CREATE TABLE "select" (', "DROP INDEX CONCURRENTLY select_order_idx;"),
        ('"A b".c', 'CREATE TABLE "A b".c (', 'DROP INDEX CONCURRENTLY "A b".c_order_idx;'),
        ("order items", 'CREATE TABLE "order items" (', 'DROP INDEX CONCURRENTLY "order items_order_idx";'),
        ('a"b', 'CREATE TABLE "a""b" (', 'DROP INDEX CONCURRENTLY "a""b_order_idx";'),
        ("t" * 63, f"CREATE TABLE {'t' * 63} (", f"DROP INDEX CONCURRENTLY {'t' * 53}_order_idx;"),
    ],
)
def test_names_in_sql(connection: psycopg.Connection, table: str, create: str, drop_index: str) -> None:
    """They are quoted where they have to be, and the server takes them."""
    assert new("x", "--template=table", f"table={table}") == 0
    assert new("x", "--template=column", f"table={table}", "column=order") == 0
    assert new("x", "--template=index-concurrently", f"table={table}", "column=order") == 0
    texts = "".join(Path("migrations", name).read_text() for name in written())
    assert create in texts
    assert drop_index in texts
    connection.execute('CREATE SCHEMA app; CREATE SCHEMA "A b"')
    runner, history = Runner(connection), read_history(Path("migrations"))
    for migration in history:
        runner.apply(migration)
    for migration in reversed(history.migrations):
        runner.rollback(migration)


def test_a_readme_is_no_migration() -> None:
    Path("migrations").mkdir()
    Path("migrations", "README.md").write_text("")
    Path("migrations", ".gitkeep").write_text("")
    assert new("x") == 0
    assert "001_x.sql" in written()
