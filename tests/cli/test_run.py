"""``run``, and ``status`` and ``rollback`` beside it, as a user types them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations, Query

USERS = "CREATE TABLE users (id int PRIMARY KEY);\n--\nDROP TABLE users;"
NAMES = "ALTER TABLE users ADD name text;\n--\nALTER TABLE users DROP name;"


def states(cli: Cli) -> list[str]:
    return [migration["state"] for migration in cli("status", "--json").json["migrations"]]


def test_there_and_back(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_users=USERS, m002_names=NAMES)
    assert states(cli) == ["pending", "pending"]
    assert query("select to_regclass('pytest_migrations.migration_history')") == [(None,)], "status only reads"

    ran = cli("run")
    assert ran.code == 0
    assert "apply      001_users.sql" in ran.out
    assert "Done: 2 applied" in ran.out
    assert "pytest-migrations rollback 002_names.sql" in ran.out
    assert states(cli) == ["applied", "applied"]
    assert "2 of 2 migrations applied. Last run" in cli("status").out

    assert "Nothing to do." in cli("run").out
    assert cli("rollback", "002_names.sql").code == 0
    assert states(cli) == ["applied", "rolled back"]
    assert cli("rollback", "--to", "001").out.startswith("Nothing to do")
    assert cli("rollback", "1").code == 0
    assert query("select to_regclass('users')") == [(None,)]
    assert cli("run", "--json").json["applied"][1]["name"] == "002_names.sql"


def test_what_fails_is_not_kept_and_what_came_before_stays(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_users=USERS, m002_broken="CREATE TABLE half (id int);\nSELECT nonsense;", m003_more="SELECT 1")
    ran = cli("run")
    assert ran.code == 1
    assert "1 applied before that, which stay so." in ran.out
    assert '002_broken.sql:2:8: column "nonsense" does not exist' in ran.err
    assert "Nothing of this script was kept." in ran.err
    assert states(cli) == ["applied", "failed", "pending"]
    assert query("select to_regclass('half')") == [(None,)]
    data = cli("run", "--json")
    assert data.code == 1
    assert "nonsense" in data.json["error"]

    migrations(m002_broken="CREATE TABLE half (id int);")
    assert cli("run").code == 0
    assert states(cli) == ["applied"] * 3


def test_single_transaction_is_all_or_nothing(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_users=USERS, m002_broken="SELECT nonsense;")
    assert cli("run", "--single-transaction").code == 1
    assert query("select to_regclass('users')") == [(None,)]
    assert states(cli) == ["pending", "failed"]
    migrations(m002_broken="SELECT 1;")
    assert cli("run", "--single-transaction").code == 0
    assert states(cli) == ["applied", "applied"]


DEFERRED = """\
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE other (id int CONSTRAINT child_id_fkey REFERENCES parent DEFERRABLE);
CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE seat (n int UNIQUE DEFERRABLE);"""


@pytest.mark.parametrize("filled", ["INSERT INTO child VALUES (1);\nINSERT INTO parent VALUES (1);", "SELECT 1;"])
@pytest.mark.parametrize("made", [DEFERRED, DEFERRED.replace("parent (id", "grand (id int);\nCREATE TABLE parent (id")])
def test_in_a_single_transaction_constraints_are_as_deferred_as_in_one_each(
    made: str, filled: str, database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_made=made, m002_filled=filled, m003_filled=filled.replace("1)", "2)"))
    assert cli("run", "--single-transaction").code == 0
    migrations(m004_seats="INSERT INTO seat VALUES (1), (1);", m005_free="DELETE FROM seat;")
    assert "004_seats.sql:1:1: duplicate key" in cli("run", "--single-transaction").err
    migrations(m004_seats="SELECT 1;", m005_free="INSERT INTO child VALUES (9);")
    late = cli("run", "--single-transaction")
    assert late.code == 1
    assert "005_free.sql" in late.err


def test_in_a_single_transaction_the_one_that_failed_is_told_of(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """Not the last one of them, behind which it was to be committed."""
    migrations(m001_a="SELECT nonsense;", m002_b="SELECT 1;")
    assert cli("run", "--single-transaction").code == 1
    assert query("SELECT name, state FROM pytest_migrations.migration_history") == [("001_a.sql", "failed")]


def test_single_transaction_says_what_cannot_be_in_it(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=USERS, m002_index="CREATE INDEX CONCURRENTLY ON users (id);")
    ran = cli("run", "--single-transaction")
    assert ran.code == 2
    assert "002_index.sql:1:1: this cannot be in one transaction" in ran.err
    assert states(cli) == ["pending", "pending"]


def test_an_edited_file_stops_the_run(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=USERS)
    cli("run")
    migrations(m001_users=USERS.replace("id int", "id bigint"), m002_names=NAMES)
    ran = cli("run")
    assert ran.code == 2
    assert "001_users.sql was edited" in ran.err
    assert states(cli) == ["changed", "pending"]


def test_a_mended_rollback_or_other_line_ends_are_no_change(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    folder = migrations(m001_users=USERS.replace("DROP TABLE users", "DROP TABLE nonsense"))
    cli("run")
    migrations(m001_users=USERS)
    (folder / "001_users.sql").write_bytes((folder / "001_users.sql").read_bytes().replace(b"\n", b"\r\n"))
    assert states(cli) == ["applied"]
    assert cli("rollback", "001_users.sql").code == 0
    assert query("select to_regclass('users')") == [(None,)]


def test_a_file_that_is_gone_stops_the_run_and_can_be_rolled_back_all_the_same(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    folder = migrations(m001_users=USERS, m002_names=NAMES)
    cli("run")
    (folder / "002_names.sql").unlink()
    assert states(cli) == ["applied", "missing"]
    ran = cli("run")
    assert ran.code == 2
    assert "pytest-migrations rollback 002_names.sql" in ran.err
    assert cli("rollback", "002_names.sql").code == 0
    assert query("select count(*) from information_schema.columns where table_name = 'users'") == [(1,)]


def test_a_late_migration_stops_the_run_unless_it_is_wanted(
    database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_users=USERS, m003_names=NAMES)
    cli("run")
    migrations(m002_late="CREATE TABLE late (id int);")
    ran = cli("run")
    assert ran.code == 2
    assert "002_late.sql comes before 003_names.sql" in ran.err
    assert cli("run", "--out-of-order").code == 0
    assert states(cli) == ["applied"] * 3


def test_a_file_that_nobody_takes_is_told_of(database: Database, cli: Cli, migrations: Migrations) -> None:
    folder = migrations(m001_users=USERS)
    (folder / "users-2.sql").write_text("SELECT 1;")
    ran = cli("run", "--json")
    assert ran.code == 0
    assert ran.json["applied"]
    assert "warning: users-2.sql is not run, since its name is not" in ran.err


def test_a_run_goes_on_where_nobody_reads_on(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(**{f"m{number:03}_x": "SELECT 1;" for number in range(1, 40)})
    command = f"{sys.executable} -u -m pytest_migrations run | true"
    subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], check=True)
    assert "39 of 39 migrations applied" in cli("status").out


def test_what_failed_and_was_renamed_is_no_finding(database: Database, cli: Cli, migrations: Migrations) -> None:
    folder = migrations(m001_users=USERS, m002_names="SELECT nonsense;")
    assert cli("run").code == 1
    assert cli("status").code == 1
    (folder / "002_names.sql").unlink()
    shown = cli("status")
    assert shown.code == 0
    assert "nothing of it was kept, and its file is gone: pytest-migrations repair forgets it" in shown.out


def test_a_next_step_can_be_typed_whatever_the_name(database: Database, cli: Cli, migrations: Migrations) -> None:
    folder = migrations()
    name = "001_o'clock sharp.sql"
    (folder / name).write_text("CREATE TABLE t (id int);\n-- ROLLBACK:\n-- DROP TABLE t;\n-- END ROLLBACK\n")
    _, _, typed = cli("run").out.strip().rpartition("Back again: pytest-migrations ")
    assert shlex.split(typed) == ["rollback", name]
    assert cli(*shlex.split(typed)).code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_a_run_goes_on_where_the_disk_is_full(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=USERS, m002_names=NAMES)
    with open("/dev/full", "w") as full:  # noqa: PTH123 (a device)
        run = [sys.executable, "-m", "pytest_migrations", "run"]
        done = subprocess.run(run, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "The output cannot be written (No space left on device); the command goes on without.\n"
    assert states(cli) == ["applied", "applied"]


def test_without_a_schema_to_create_in_the_server_says_so(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=USERS)
    ran = cli("run", "--dsn", f"{database.url}&schema=nosuch")
    assert ran.code == 1
    assert "001_users.sql:1:14: no schema has been selected to create in" in ran.err


def test_what_is_not_sql_stops_the_run_before_what_stands_behind_it(
    database: Database, cli: Cli, tmp_path: Path
) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name in ("a", "b", "d"):
        (folder / f"0000{'abcd'.index(name) + 1}_{name}.sql").write_text(
            f"-- +goose Up\nCREATE TABLE {name} (id int);\n"
        )
    (folder / "00003_c.go").write_text("package migrations")

    ran = cli("run")
    assert ran.code == 2
    assert "00003_c.go is not SQL, and 00004_d.sql comes behind: only the migrations' own tool (goose) can" in ran.err
    assert states(cli) == ["pending"] * 3, "nothing was changed"
    assert cli("run", "--to", "2").code == 0
    assert cli("run").code == 2
    assert cli("run", "--out-of-order").code == 0
    assert cli("run").code == 0, "it is behind the migration now"

    shown = cli("status")
    assert "3 of 3 migrations in SQL applied." in shown.out
    assert "warning: 00003_c.go is not SQL: only the migrations' own tool (goose) runs it." in shown.err
    checked = cli("validate")
    assert checked.code == 0
    assert "00003_c.go: warning: 00003_c.go is not SQL" in checked.out


def test_an_extension_that_the_server_lacks_is_for_whoever_runs_it(
    database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_x="CREATE EXTENSION nosuch_extension;")
    ran = cli("run")
    assert ran.code == 1
    assert "no such extension: install it there, or ask whoever runs it to." in ran.err
    assert "--server" not in ran.err


def test_behind_a_migration_that_changes_how_sessions_begin_a_new_one_begins(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(
        m001_m=f"CREATE SCHEMA m; ALTER DATABASE {database.name} SET search_path TO m, public; CREATE TABLE m.t ();",
        m002_t="ALTER TABLE t ADD x int;",
        m003_reset=f"ALTER DATABASE {database.name} RESET search_path;",
        m004_u="CREATE TABLE u ();",
    )
    ran = cli("run")
    assert (ran.code, ran.err) == (0, "")
    assert query("SELECT to_regclass('m.t') IS NOT NULL, to_regclass('public.u') IS NOT NULL") == [(True, True)]
