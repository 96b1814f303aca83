"""What histories are told, and what they are not: a false alarm is worse than none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pytest_migrations.formats import read_history
from pytest_migrations.migration import History
from pytest_migrations.validate import validate
from tests.validate.asked import runs

MakeHistory = Callable[..., History]
USERS = "CREATE TABLE users (id bigint PRIMARY KEY, name text, email text);"


def told(history: History) -> list[str]:
    return [f"{finding.rule}: {finding.message}" for finding in validate(history).findings]


@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param(["SELECT * FROM pg_class; SELECT * FROM information_schema.tables;"], id="what PostgreSQL has"),
        pytest.param([USERS, "CREATE TABLE IF NOT EXISTS users (a int, b int); SELECT name FROM users;"], id="if not"),
        pytest.param(["DROP TABLE IF EXISTS users;", USERS], id="if exists"),
        pytest.param([USERS, "SELECT id, 1 AS b INTO made FROM users;", "CREATE INDEX ON made (id, b);"], id="into"),
        pytest.param(
            ["CREATE TABLE p (x int); CREATE TABLE o () INHERITS (p);", "ALTER TABLE o NO INHERIT p; DROP TABLE p;"],
            id="inherits no more",
        ),
        pytest.param(["CREATE EXTENSION citext;", "CREATE TABLE t (g citext);"], id="a known one"),
        pytest.param(
            ["DO $$ BEGIN EXECUTE 'CREATE TABLE ' || 'us' || 'ers (id int)'; END $$;", "ALTER TABLE users ADD a int;"],
            id="put together, and readable",
        ),
        pytest.param(
            [
                "DO $$ DECLARE x text := 'users'; BEGIN EXECUTE format('CREATE TABLE %I (id int)', x); END $$;",
                "ALTER TABLE users ADD a int;",
            ],
            id="put together, and its name is there",
        ),
        pytest.param(
            [
                USERS,
                (
                    "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                    " LOOP EXECUTE format('DROP TABLE %I', t); END LOOP; END $$;"
                ),
                USERS,
            ],
            id="dropped by a loop",
        ),
        pytest.param(
            [
                "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE users (id int); END $$;",
                "SELECT f();",
                "ALTER TABLE users ADD a int;",
            ],
            id="made by a function",
        ),
        pytest.param(
            ["CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT 1 FROM users); END $$;"],
            id="read when it is called",
        ),
        pytest.param(
            [
                (
                    "CREATE TYPE m AS ENUM ('a'); DO $$ BEGIN CREATE TYPE m AS ENUM ('a');"
                    " EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
                )
            ],
            id="an error that is caught",
        ),
        pytest.param(
            [USERS, "ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0), ADD COLUMN age int;"], id="in any order"
        ),
        pytest.param(["CREATE TABLE n (id int PRIMARY KEY, up int REFERENCES n (id));"], id="a table of itself"),
        pytest.param(
            ["CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p DEFAULT; DROP TABLE p;"],
            id="partitions go with their table",
        ),
        pytest.param([USERS, "CREATE TABLE b (LIKE users); SELECT email FROM b;"], id="like"),
        pytest.param(["CREATE TABLE c (LIKE pg_class); SELECT relname FROM c;"], id="like what PostgreSQL has"),
        pytest.param([USERS, "CREATE TABLE b () INHERITS (users); SELECT email FROM b;"], id="inherits"),
        pytest.param(
            ["CREATE SCHEMA s; SET search_path TO s; CREATE TABLE t (a int);", "ALTER TABLE s.t ADD b int;"],
            id="search path",
        ),
        pytest.param([USERS, "ALTER TABLE users RENAME name TO n; SELECT n FROM users;"], id="renamed column"),
        pytest.param([USERS, "ALTER TABLE users DROP COLUMN email; CREATE INDEX ON users (name);"], id="own index"),
        pytest.param([USERS, "WITH u AS (SELECT 1 AS nothing) SELECT u.nothing FROM u;"], id="common table"),
        pytest.param([USERS, "SELECT users FROM users; SELECT u FROM users u;"], id="whole row"),
        pytest.param([USERS, "SELECT count(*) AS c FROM users GROUP BY name ORDER BY c;"], id="own output"),
        pytest.param([USERS, "SELECT xmin, ctid, tableoid FROM users;"], id="system columns"),
        pytest.param(
            [USERS, "UPDATE users SET name = x.a FROM (SELECT 1 AS id, 'b' AS a) x WHERE x.id = users.id;"],
            id="subquery",
        ),
        pytest.param(
            ["CREATE TABLE t (a serial); DROP SEQUENCE t_a_seq CASCADE;", "ALTER TABLE t ADD b int;"], id="serial"
        ),
        pytest.param(
            ["CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1);", "CREATE TEMP TABLE t (b int);"], id="temporary"
        ),
    ],
)
def test_no_alarm(make_history: MakeHistory, connection: psycopg.Connection, scripts: list[str]) -> None:
    history = make_history(*((script, None) for script in scripts))
    assert told(history) == []
    assert runs(history, connection)


@pytest.mark.parametrize(
    "scripts",
    [
        ["CREATE EXTENSION postgis;", "CREATE TABLE t (g geometry);"],
        ["CREATE EXTENSION x; SELECT make_it('users');", "ALTER TABLE users ADD a int;"],
    ],
)
def test_no_alarm_of_what_an_unknown_extension_may_have(make_history: MakeHistory, scripts: list[str]) -> None:
    """The tests' server does not have these."""
    assert told(make_history(*((script, None) for script in scripts))) == []


@pytest.mark.parametrize(
    ("scripts", "message"),
    [
        (
            [USERS, "CREATE VIEW v AS SELECT u.age FROM users u;"],
            "never-created: column users.age is needed here, which no migration creates",
        ),
        (
            [USERS, "CREATE TABLE o (a int); CREATE VIEW v AS SELECT a, age FROM users, o;"],
            "never-created: column users.age is needed here, which no migration creates",
        ),
        (
            [USERS, "COMMENT ON COLUMN others.name IS '';"],
            "never-created: relation others is needed here, which no migration creates",
        ),
        (
            ["DO $$ DECLARE u app.mood; BEGIN DELETE FROM users; END $$;", USERS],
            "not-yet-created: relation users is needed here, which is not there yet",
        ),
        (
            ["CREATE EXTENSION IF NOT EXISTS plpgsql;", "ALTER TABLE users ADD a int;"],
            "never-created: table users is needed here, which no migration creates",
        ),
        (
            [USERS, "INSERT INTO users (id, age) VALUES (1, 2);"],
            "never-created: column users.age is needed here, which no migration creates",
        ),
        (
            [USERS, "CREATE TABLE o (u uuid REFERENCES users (id));"],
            "foreign-key: foreign key from a column of type uuid to column users.id, which is of type int8",
        ),
        (
            [USERS, "CREATE TABLE o (u text REFERENCES users (email));"],
            "foreign-key: foreign key to columns of table users that are not unique",
        ),
        (
            [USERS, "CREATE TABLE o (u bigint REFERENCES users (uid));"],
            "foreign-key: foreign key to column users.uid, which no migration creates",
        ),
        (
            ["CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (m mood);", "DROP TYPE mood;"],
            "dropped-while-used: enum mood is dropped here, and column t.m (001_m.sql:1) needs it",
        ),
        (
            [USERS, "CREATE VIEW v AS SELECT name FROM users;", "ALTER TABLE users ALTER name TYPE varchar(9);"],
            "dropped-while-used: column users.name is given another type here, and view v (002_m.sql:1) needs it",
        ),
        (
            ["CREATE SCHEMA s; CREATE TABLE s.t (a int);", "DROP SCHEMA s;"],
            "dropped-while-used: schema s is dropped here, and table s.t (001_m.sql:1) needs it",
        ),
        (["CREATE TABLE s.t (a int);"], "never-created: schema s is needed here, which no migration creates"),
        (
            ["CREATE TABLE t (a citext);", "CREATE EXTENSION citext;"],
            "not-yet-created: type citext is needed here, which is not there yet",
        ),
        (
            ["CREATE TABLE t (id int DEFAULT mine());", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1;"],
            "not-yet-created: routine mine is needed here, which is not there yet",
        ),
        (
            [USERS, "ALTER TABLE users RENAME name TO n;", "CREATE INDEX ON users (name);"],
            "already-dropped: column users.name is needed here, which 002_m.sql:1 has renamed to users.n",
        ),
        (
            ["DO $$ BEGIN EXECUTE format('ALTER TABLE users ADD a int DEFAULT %L', 1); END $$;", USERS],
            "altered-before-created: table users is changed here, which is not there yet",
        ),
        (
            [USERS, "CREATE INDEX i ON users (name);", "ALTER TABLE users ADD CONSTRAINT i UNIQUE (email);"],
            "created-twice: index i is created here, and is there already: 002_m.sql:1",
        ),
        (
            ["CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM users $$;", USERS],
            "not-yet-created: relation users is needed here, which is not there yet",
        ),
    ],
)
def test_what_a_server_would_say(
    make_history: MakeHistory, connection: psycopg.Connection, scripts: list[str], message: str
) -> None:
    history = make_history(*((script, None) for script in scripts))
    assert told(history) == [message]
    assert not runs(history, connection)


@pytest.mark.parametrize(
    ("up", "down", "message"),
    [
        (USERS, "DROP TABLE IF EXISTS users;", None),
        (USERS, "SELECT 1;", None),  # it says that there is none
        (USERS, "ALTER TABLE users ADD a int;", "rollback-forgets: the rollback leaves table users behind"),
        ("ALTER TABLE old ADD a int;", "ALTER TABLE old DROP a;", None),
        (
            "ALTER TABLE old ADD a int;",
            "DROP TABLE old CASCADE;",
            "rollback-loses: table old (001_m.sql:1) was there before",
        ),
        ("ALTER TABLE old RENAME TO young;", "ALTER TABLE young RENAME TO old;", None),
        ("ALTER TABLE old RENAME TO young;", "ALTER TABLE old RENAME TO young;", "rollback-fails: the rollback fails"),
        ("CREATE INDEX i ON old (id);", "DROP INDEX j;", "rollback-fails: the rollback fails: index j is not there"),
        ("CREATE EXTENSION citext;", "SELECT 1;", None),
        ("DROP VIEW v;", "CREATE VIEW v AS SELECT id FROM old;", None),
        (
            "CREATE OR REPLACE VIEW v AS SELECT id, 1 AS a FROM old;",
            "CREATE OR REPLACE VIEW v AS SELECT id FROM old;",
            "rollback-fails: the rollback fails: view v (001_m.sql:1) cannot be replaced: its column a is left out",
        ),
        (
            "DROP VIEW v;",
            "CREATE VIEW w AS SELECT id FROM old;",
            "rollback-forgets: the rollback creates view w, which",
        ),
    ],
)
def test_rollbacks(make_history: MakeHistory, up: str, down: str, message: str | None) -> None:
    before = "CREATE TABLE old (id int); CREATE VIEW v AS SELECT id FROM old;"
    found = validate(make_history((before, None), (up, down))).findings
    first = f"{found[0].rule}: {found[0].message}" if found else None
    assert first is None if message is None else (first or "").startswith(message)


def test_columns_that_may_have_been_there_are_not_told_to_be_left(make_history: MakeHistory) -> None:
    view = "DROP VIEW v; CREATE VIEW v AS SELECT 1 AS a"
    history = make_history(("CREATE VIEW v AS SELECT f.* FROM g() f;", None), (f"{view}, 2 AS b;", f"{view}, 2 AS b;"))
    assert [finding for finding in validate(history).findings if finding.rule.startswith("rollback")] == []


def test_what_several_migrations_create_is_in_no_circle(tmp_path: Path) -> None:
    for name, text in (
        ("001_a.sql", "-- Dependencies: b\n\nCREATE TABLE a (id int);"),
        ("002_b.sql", "-- Dependencies: 001_a\n\nCREATE TABLE b (id int); DROP TABLE b;"),
        ("003_b.sql", "CREATE TABLE b (id int);"),
    ):
        (tmp_path / name).write_text(text)
    assert [finding.rule for finding in validate(read_history(tmp_path)).findings] == ["wrong-dependency"]


def test_what_was_told_to_be_missing_is_told_once(make_history: MakeHistory) -> None:
    history = make_history(
        ("ALTER TABLE nothing ADD a int; ALTER TABLE nothing ADD b int;", None), ("DROP TABLE nothing;", None)
    )
    assert told(history) == ["never-created: table nothing is needed here, which no migration creates"]


def test_what_cannot_be_read_is_said(make_history: MakeHistory) -> None:
    (unread,) = validate(make_history(("DO $$ BEGIN\n  EXECUTE x;\nEND $$;", None))).unread
    assert (unread.place.line, unread.reason) == (2, "the statement is put together when it runs (EXECUTE)")
