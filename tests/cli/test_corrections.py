"""``mark``, ``baseline`` and ``repair`` change what the ledger says, after they were asked to, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations, Query

USERS = "CREATE TABLE users (id int);\n--\nDROP TABLE users;"
NAMES = "ALTER TABLE users ADD name text;\n--\nALTER TABLE users DROP name;"


def states(cli: Cli) -> list[str]:
    return [migration["state"] for migration in cli("status", "--json").json["migrations"]]


def test_mark(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_users=USERS, m002_names=NAMES)
    asked = cli("mark", "1", "--applied")
    assert asked.code == 2
    assert "001_users.sql: pending -> applied" in asked.out
    assert "Nothing was changed. To change it without being asked, say --yes." in asked.err
    assert states(cli) == ["pending", "pending"]

    assert cli("mark", "1", "--applied", "--yes").code == 0
    assert states(cli) == ["applied", "pending"]
    assert query("SELECT to_regclass('users')") == [(None,)], "nothing was run"
    assert "says so already" in cli("mark", "1", "--applied", "--yes").out
    assert cli("mark", "001_users.sql", "--rolled-back", "--yes").code == 0
    assert states(cli) == ["rolled back", "pending"]
    assert cli("mark", "1", "--pending", "--yes").code == 0
    assert states(cli) == ["pending", "pending"]
    assert "was never applied" in cli("mark", "2", "--rolled-back", "--yes").err
    assert cli("mark", "2").code == 2
    assert "there is no migration '9'" in cli("mark", "9", "--applied").err


def test_what_was_marked_can_be_rolled_back(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_users=USERS)
    query("CREATE TABLE users (id int)")
    cli("mark", "1", "--applied", "--yes")
    assert cli("rollback", "1").code == 0
    assert query("SELECT to_regclass('users')") == [(None,)]


def test_baseline(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_users=USERS, m002_names=NAMES)
    query("CREATE TABLE users (id int)")
    assert cli("baseline", "--to", "001", "--yes").code == 0
    assert states(cli) == ["applied", "pending"]
    assert cli("run").code == 0
    assert query("SELECT count(name) FROM users") == [(0,)]
    assert "by it this database has 001_users.sql, 002_names.sql already" in cli("baseline", "--yes").err


def test_a_history_of_our_own_from_before(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_users=USERS, m002_names=NAMES, m003_more="SELECT 1;")
    query("CREATE TABLE users (id int, name text)")
    query("CREATE TABLE migration_history (id serial, migration_name text, executed_at timestamptz, success boolean)")
    query(
        "INSERT INTO migration_history (migration_name, executed_at, success) VALUES "
        "('001_users.sql', '2025-01-02 03:04Z', true), ('002_names.sql', '2025-01-03 03:04Z', true)"
    )
    assert cli("run").code == 2
    assert cli("status").out.count(" by ") == 0
    assert cli("baseline", "--yes").code == 0
    assert re.search(r"Last run \d+ days ago\.", cli("status").out), "nobody knows by whom"
    assert re.search(r"  at 2025-01-0\S+ \S+\n", cli("status", "1").out)
    found = cli("status", "--json").json["migrations"]
    assert [migration["state"] for migration in found] == ["applied", "applied", "pending"]
    assert found[0]["applied_at"].startswith("2025-01-02T03:04")


def test_repair(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    folder = migrations(m001_users=USERS, m002_names=NAMES, m003_gone="SELECT 3;", m004_broken="SELECT nonsense;")
    cli("run")
    migrations(m001_users="-- now with a comment\n" + USERS)
    (folder / "002_names.sql").rename(folder / "002_their_names.sql")
    (folder / "003_gone.sql").unlink()
    assert states(cli) == ["changed", "missing", "missing", "pending", "failed"]
    repaired = cli("repair", "--yes")
    assert repaired.code == 1, "something is left to be decided"
    assert "003_gone.sql: its file is gone, and no other is the same." in repaired.out
    assert "001_users.sql: what its file holds now is taken for what was applied" in repaired.out
    assert "002_names.sql: it was renamed to 002_their_names.sql" in repaired.out
    assert "004_broken.sql: its failure is forgotten" in repaired.out
    assert states(cli) == ["applied", "applied", "missing", "pending"]
    names = query("SELECT name FROM pytest_migrations.migration_history ORDER BY id")
    assert names == [("001_users.sql",), ("002_their_names.sql",), ("003_gone.sql",)], (
        "in the order of their application"
    )


def test_json_asks_nobody(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=USERS, m002_names=NAMES)
    changes = ["001_users.sql: applied"]
    assert cli("baseline", "--to", "1", "--json").json == {"changes": changes, "made": False, "left": []}
    assert states(cli) == ["pending", "pending"]
    assert cli("baseline", "--to", "1", "--json", "--yes").json == {"changes": changes, "made": True, "left": []}
    assert states(cli) == ["applied", "pending"]
    assert cli("mark", "1", "--pending", "--json", "--yes").json["changes"] == ["001_users.sql: applied -> pending"]
    assert cli("repair", "--json", "--yes").json == {"changes": [], "made": False, "left": []}


def test_what_was_rolled_back_and_is_applied_after_all_keeps_its_way_back(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    folder = migrations(m001_users="CREATE TABLE users (id int);")
    assert cli("run").code == 0
    cli("mark", "1", "--rolled-back", "--yes")
    marked = cli("mark", "1", "--applied", "--yes")
    assert "forgotten" not in marked.out
    assert "DROP TABLE public.users;" in cli("status", "1").out
    assert cli("rollback", "1").code == 0
    assert query("SELECT to_regclass('users')") == [(None,)]

    (folder / "001_users.sql").write_text("CREATE TABLE users (id bigint);")
    marked = cli("mark", "1", "--applied", "--yes")
    assert "The rollback that the ledger has may be another one's than this file's, and is forgotten" in marked.out
    assert "DROP TABLE" not in cli("status", "1").out


def test_what_is_marked_pending_loses_the_way_back_that_only_the_ledger_has(
    database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_derived="CREATE TABLE d (id int);", m002_users=USERS)
    assert cli("run").code == 0
    lost = "The rollback that only the ledger has is forgotten with it"
    assert lost in cli("mark", "1", "--pending").out
    assert lost not in cli("mark", "2", "--pending").out
