"""What is listed as depending on rows does: it runs on a table without any, and fails or loses some where there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from pytest_migrations.migration import History, Migration, Script
from pytest_migrations.operations.dry_run.original import Original, read
from pytest_migrations.operations.dry_run.unforeseen import Dependence, unforeseen
from pytest_migrations.operations.session import Limits
from pytest_migrations.operations.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.server.server import Database, Server

_SCHEMA = """
create schema app;
create table users (id int, email text, team int, born text);
create table app.teams (id int primary key);
create table empty (id int, email text);
create table parts (id int) partition by range (id);
create table part (id int);
create domain short as text;
create table named (name short);
"""
_ROWS = """
insert into users values (1, 'a', 7, 'yesterday'), (1, 'a', 7, 'never'), (2, null, null, '2020-01-01');
insert into named values ('much too long'), (null);
insert into part values (100);
insert into app.teams values (1), (1) on conflict do nothing;
alter table users add constraint later check (id > 5) not valid;
"""


@pytest.fixture(scope="module")
def original(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    database = server.create_database()
    with server.connect(database) as connection:
        connection.execute(_SCHEMA)
        connection.execute(_ROWS)
        connection.execute("analyze")
    yield read(Target.named(database.dsn), History(Path(), "ours", ()), Limits(), tmp_path_factory.mktemp("read"))
    server.drop(database)


@pytest.fixture(scope="module")
def without_rows(server: Server) -> Iterator[Database]:
    database = server.create_database()
    with server.connect(database) as connection:
        connection.execute(_SCHEMA)
        connection.execute("alter table users add constraint later check (id > 5) not valid")
    yield database
    server.drop(database)


def listed(original: Original, sql: str) -> list[Dependence]:
    script = Script(Path("001_x.sql"), sql, sql)
    return [*unforeseen([(Migration("001", "001_x.sql", script), script)], original).dependences]


@pytest.mark.parametrize(
    ("sql", "table", "what"),
    [
        ("ALTER TABLE users ALTER email SET NOT NULL", "public.users", "SET NOT NULL of email"),
        ("ALTER TABLE users ADD UNIQUE (email)", "public.users", "ADD UNIQUE"),
        ("ALTER TABLE users ADD PRIMARY KEY (id)", "public.users", "ADD PRIMARY KEY"),
        ("ALTER TABLE users ADD CHECK (id > 1)", "public.users", "ADD CHECK"),
        ("ALTER TABLE users ADD EXCLUDE (email WITH =)", "public.users", "ADD EXCLUDE"),
        ("ALTER TABLE users ADD FOREIGN KEY (team) REFERENCES app.teams", "public.users", "ADD FOREIGN KEY"),
        ("ALTER TABLE users ADD x int NOT NULL", "public.users", "ADD COLUMN x NOT NULL"),
        ("ALTER TABLE users ADD x int DEFAULT 1 UNIQUE", "public.users", "ADD COLUMN x UNIQUE"),
        ("ALTER TABLE users ADD x int DEFAULT 9 REFERENCES app.teams", "public.users", "ADD COLUMN x FOREIGN KEY"),
        ("ALTER TABLE users VALIDATE CONSTRAINT later", "public.users", "VALIDATE CONSTRAINT later"),
        ("ALTER TABLE users ALTER born TYPE date USING born::date", "public.users", "ALTER TYPE of born"),
        ("CREATE UNIQUE INDEX ON users (email)", "public.users", "CREATE UNIQUE INDEX"),
        ("ALTER DOMAIN short ADD CHECK (length(value) < 5)", None, "ALTER DOMAIN"),
        ("ALTER DOMAIN short SET NOT NULL", None, "ALTER DOMAIN"),
        ("ALTER TABLE parts ATTACH PARTITION part FOR VALUES FROM (1) TO (9)", "public.part", "ATTACH PARTITION"),
        ("INSERT INTO app.teams VALUES (1)", "app.teams", "INSERT"),
        ("UPDATE users SET born = born::date", "public.users", "UPDATE"),
        ("SET search_path = app; INSERT INTO teams VALUES (1)", "app.teams", "INSERT"),
        ("DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM users); END $$", None, "DO"),
        ("SELECT 1 / (count(*) - 3) FROM users", None, "SELECT"),
    ],
)
def test_what_fails_on_rows_alone(
    original: Original, without_rows: Database, sql: str, table: str | None, what: str
) -> None:
    found = [one for one in listed(original, sql) if one.what == what]
    assert [one.table and ".".join(one.table) for one in found] == [table]
    with psycopg.connect(without_rows.dsn) as connection:
        connection.execute(sql.encode())
        connection.rollback()
    with original.target.connect() as connection, pytest.raises(psycopg.Error):
        connection.execute(sql.encode())


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE users",
        "TRUNCATE users",
        "ALTER TABLE users DROP email",
        "DELETE FROM users",
        "CREATE INDEX ON users (email)",
        "CREATE TABLE copied AS SELECT * FROM users",
        "REFRESH MATERIALIZED VIEW counted",
    ],
)
def test_what_loses_rows_or_reads_them(original: Original, sql: str) -> None:
    assert len(listed(original, sql)) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE users ADD CHECK (id > 1) NOT VALID",
        "ALTER TABLE users ADD x int",
        "ALTER TABLE users ADD x int NOT NULL DEFAULT 1",
        "ALTER TABLE users ALTER email SET DEFAULT 'x'",
        "ALTER TABLE empty ALTER email SET NOT NULL",
        "CREATE TABLE made (id int); ALTER TABLE made ADD PRIMARY KEY (id); INSERT INTO made VALUES (1)",
        "CREATE VIEW seen AS SELECT * FROM users",
        "COMMENT ON TABLE users IS 'x'",
        "DROP INDEX nothing",
        "DROP TABLE IF EXISTS nothing",
        "SET search_path = app",
    ],
)
def test_what_is_foreseen(original: Original, sql: str) -> None:
    assert listed(original, sql) == []


def test_how_many_rows_there_are(original: Original) -> None:
    sql = "ALTER TABLE users ADD x int; CREATE TABLE of_team (id int REFERENCES app.teams)"
    script = Script(Path("001_x.sql"), sql, sql)
    rows = unforeseen([(Migration("001", "001_x.sql", script), script)], original).rows
    assert {".".join(table): counted.number for table, counted in rows.items()} == {"public.users": 3}
    assert original.rows["public", "empty"] == (0, 0)
