"""What cannot be read, and what did not last, is not held against the user; what a server refuses is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pytest_migrations.migration import History, InCode
from pytest_migrations.validate import validate
from tests.validate.asked import errors, runs

MakeHistory = Callable[..., History]
T = "CREATE TABLE t (id int PRIMARY KEY, a int);"
REFERRING = f"{T} CREATE TABLE c (x int REFERENCES t, y text UNIQUE);"


RETYPED = "given another type here: constraint c.c_x_fkey (001_m.sql:1) would go from"


def drop_each(query: str, command: str) -> str:
    return f"DO $$ DECLARE n text; BEGIN FOR n IN {query} LOOP EXECUTE format('{command}', n); END LOOP; END $$;"


DROP_CONSTRAINTS = drop_each(
    "SELECT conname FROM pg_constraint WHERE conrelid = 'c'::regclass", "ALTER TABLE c DROP CONSTRAINT %I"
)
DROP_VIEWS = drop_each("SELECT viewname FROM pg_views WHERE schemaname = 'public'", "DROP VIEW %I")


@pytest.mark.parametrize(
    "scripts",
    [
        # What a loop drops.
        pytest.param([REFERRING, f"{DROP_CONSTRAINTS} DROP TABLE t;"], id="foreign keys"),
        pytest.param([REFERRING, f"{DROP_CONSTRAINTS} ALTER TABLE t DROP CONSTRAINT t_pkey;"], id="what a key needs"),
        pytest.param([REFERRING, f"{DROP_CONSTRAINTS} ALTER TABLE c ADD CONSTRAINT c_y_key UNIQUE (x, y);"], id="keys"),
        pytest.param(
            [REFERRING, f"{DROP_CONSTRAINTS} ALTER TABLE c ADD UNIQUE (y); CREATE INDEX c_y_key1 ON c (x);"],
            id="names that are free again",
        ),
        pytest.param([f"{T} CREATE VIEW v AS SELECT a FROM t;", f"{DROP_VIEWS} DROP TABLE t;"], id="views"),
        pytest.param(
            [f"{T} CREATE VIEW v AS SELECT a FROM t;", f"{DROP_VIEWS} ALTER TABLE t ALTER a TYPE bigint;"],
            id="what keeps a type",
        ),
        # What did not last.
        pytest.param(
            ["CREATE TEMP TABLE t (x int); DROP TABLE t;" + T + "INSERT INTO t (id, a) VALUES (1, 2);"], id="dropped"
        ),
        pytest.param(["CREATE TEMP TABLE o (x int); ALTER TABLE o RENAME TO t; SELECT x FROM t;", T], id="renamed"),
        pytest.param(
            [f"BEGIN; CREATE TEMP TABLE t (x int) ON COMMIT DROP; COMMIT; {T} SELECT a FROM t;"], id="to the commit"
        ),
        pytest.param([f"BEGIN; CREATE TABLE t (b int); ROLLBACK; {T} SELECT a FROM t;"], id="rolled back"),
        pytest.param(
            [f"BEGIN; SAVEPOINT a; CREATE TABLE t (); SAVEPOINT a; RELEASE a; ROLLBACK TO a; BEGIN; {T} COMMIT;"],
            id="savepoints of one name",
        ),
        pytest.param(["CREATE TEMP TABLE t (x int); DISCARD TEMP; CREATE TEMP TABLE t (y int);"], id="discarded"),
        pytest.param(
            [f"BEGIN; SAVEPOINT s; CREATE TABLE t (b int); ROLLBACK TO SAVEPOINT s; {T} SELECT a FROM t; COMMIT;"],
            id="rolled back to a savepoint",
        ),
        pytest.param(
            [f"CREATE SCHEMA s; BEGIN; SET LOCAL search_path TO s; CREATE TABLE t (); COMMIT; {T} SELECT a FROM t;"],
            id="SET LOCAL",
        ),
        pytest.param(
            [f"CREATE SCHEMA s; BEGIN; SET search_path TO s; ROLLBACK; {T}", "SELECT a FROM public.t;"],
            id="SET that is rolled back",
        ),
        pytest.param([T, "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int REFERENCES nowhere;"], id="IF NOT EXISTS"),
        pytest.param(
            [
                T,
                (
                    "DO $$ BEGIN ALTER TABLE t ADD COLUMN IF NOT EXISTS a int; CREATE INDEX IF NOT EXISTS i ON t (a);"
                    "CREATE TABLE IF NOT EXISTS u (id int PRIMARY KEY);"
                    "ALTER TABLE t ADD COLUMN IF NOT EXISTS u int REFERENCES u; END $$;"
                ),
                "DROP INDEX i; ALTER TABLE t DROP CONSTRAINT t_u_fkey; DROP TABLE u;",
            ],
            id="IF NOT EXISTS beside others",
        ),
        pytest.param(
            [
                f"{T} CREATE INDEX ON t (a); CREATE TABLE n (LIKE t INCLUDING ALL);",
                "DROP TABLE t; ALTER TABLE n RENAME TO t; ALTER INDEX n_a_idx RENAME TO t_a_idx;",
            ],
            id="an index of a copy that is called otherwise now",
        ),
        pytest.param(
            [
                "CREATE TABLE p (id int UNIQUE); ALTER TABLE p ADD PRIMARY KEY (id);",
                "CREATE TABLE o (p int REFERENCES p);",
                "ALTER TABLE p DROP CONSTRAINT p_id_key;",
            ],
            id="a foreign key to the primary key",
        ),
        pytest.param(
            [
                "CREATE SEQUENCE s; CREATE TABLE t (a int DEFAULT nextval('s'), b int DEFAULT nextval('s'::text));",
                "ALTER TABLE t ALTER a DROP DEFAULT; DROP SEQUENCE s;",
            ],
            id="a default that needs no more",
        ),
        pytest.param(
            ["SET check_function_bodies TO off; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELCT';"],
            id="unchecked",
        ),
        pytest.param(
            [
                f"{T} CREATE UNIQUE INDEX ON t (id, a); ALTER TABLE t RENAME id TO k; ALTER TABLE t RENAME a TO b;",
                "CREATE TABLE o (x int REFERENCES t (k), y int, FOREIGN KEY (x, y) REFERENCES t (k, b));",
                "ALTER TABLE t RENAME k TO l; ALTER TABLE o RENAME x TO w; ALTER TABLE o ALTER w TYPE bigint;",
            ],
            id="keys of columns that are renamed",
        ),
        pytest.param(
            [
                "CREATE TABLE s (id int, parent int REFERENCES s (id), other int REFERENCES s, PRIMARY KEY (id));",
                "CREATE TABLE k (a int, b int, c int, d int, FOREIGN KEY (c, d) REFERENCES k (a, b), UNIQUE (b, a));",
                "ALTER TABLE k ADD COLUMN e int REFERENCES k (d), ADD FOREIGN KEY (c) REFERENCES k (d), ADD UNIQUE(d);",
            ],
            id="keys of the table itself that come later",
        ),
        pytest.param([REFERRING, "ALTER TABLE c ALTER x TYPE bigint; ALTER TABLE t ALTER id TYPE bigint;"], id="types"),
    ],
)
def test_what_is_gone_is_not_in_the_way(
    make_history: MakeHistory, connection: psycopg.Connection, scripts: list[str]
) -> None:
    history = make_history(*((script, None) for script in scripts))
    assert errors(history) == []
    assert runs(history, connection)


@pytest.mark.parametrize(
    ("scripts", "message"),
    [
        (
            ["CREATE SEQUENCE s; CREATE TABLE t (a int DEFAULT nextval('s'));", "DROP SEQUENCE s;"],
            "dropped-while-used: sequence s is dropped here, and default t.a (001_m.sql:1) needs it",
        ),
        (
            [
                f"CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1; {T} ALTER TABLE t ALTER a SET DEFAULT f();",
                "DROP FUNCTION f();",
            ],
            "dropped-while-used: function f is dropped here, and default t.a (001_m.sql:1) needs it",
        ),
        (
            [T, "ALTER TABLE t ADD PRIMARY KEY (a);"],
            "created-twice: constraint t.t_pkey is created here, and its table has a primary key already: 001_m.sql:1",
        ),
        (
            [REFERRING, "ALTER TABLE c ALTER x TYPE text;"],
            f"foreign-key: column c.x is {RETYPED} text to int4",
        ),
        (
            [REFERRING, "ALTER TABLE t ALTER id TYPE uuid USING NULL;"],
            f"foreign-key: column t.id is {RETYPED} int4 to uuid",
        ),
        (
            ["BEGIN; CREATE TABLE a (i int); SELECT missing FROM a; ROLLBACK;"],
            "never-created: column a.missing is needed here, which no migration creates",
        ),
        (
            ["CREATE TABLE o (k kind);\nCREATE TYPE kind AS ENUM ('a');"],
            "never-created: type kind is needed here, which this script creates only further down",
        ),
        ([T, "DROP VIEW t;"], "wrong-kind: t is dropped as view, and is a table: 001_m.sql:1"),
        (
            [T, "CREATE OR REPLACE VIEW t AS SELECT 1 AS id;"],
            "created-twice: view t is created here, and is there already as a table: 001_m.sql:1",
        ),
        (
            ["CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETRN 1; END $$;"],
            'syntax: syntax error at or near "RETRN"',
        ),
        (["DO $$ BEGIN SELCT 1; END $$;"], 'syntax: syntax error at or near "SELCT"'),
        (
            ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELCT 1';"],
            'syntax: syntax error at or near "SELCT"',
        ),
    ],
)
def test_what_a_server_refuses(
    make_history: MakeHistory, connection: psycopg.Connection, scripts: list[str], message: str
) -> None:
    history = make_history(*((script, None) for script in scripts))
    assert errors(history) == [message]
    assert not runs(history, connection)


def test_the_place_in_a_body(make_history: MakeHistory) -> None:
    block = "SELECT 1; DO $$\nBEGIN\n  RAISE NOTICE 'é'; SELCT 1;\nEND $$;"
    (finding,) = validate(make_history((block, None))).findings
    assert finding.place is not None
    assert (finding.place.line, finding.place.column, finding.statement) == (3, 21, 1)


def test_what_may_be_in_a_file_that_cannot_be_read(make_history: MakeHistory) -> None:
    history = make_history(
        ("CREATE TABLE c (x int REFERENCES t);", None),
        (f"{T}\nALTER TABLE t ADD;", None),
        ("ALTER TABLE t ADD b int; SELECT 1;", None),
    )
    found = validate(history)
    assert [(finding.rule, finding.message) for finding in found.findings] == [
        ("foreign-key", "foreign key to table t, which no migration creates that can be read"),
        ("syntax", 'syntax error at or near ";"'),
    ]
    assert found.findings[0].remedy == "Correct 002_m.sql first, which speaks of it."
    assert found.unread == ()


@pytest.mark.parametrize(
    ("format_name", "table"),
    [("pairs", "_sqlx_migrations"), ("pairs", "schema_migrations"), ("directories", "__diesel_schema_migrations")],
)
def test_the_tools_own_table_is_there_before_all_migrations(
    make_history: MakeHistory, format_name: str, table: str
) -> None:
    script = f"DELETE FROM {table} WHERE version = 1; ALTER TABLE public.{table} ADD note text; DROP TABLE {table};"
    history = make_history((script, None))
    assert len(errors(history)) == 1, "where no such tool runs them"
    assert errors(replace(history, format=format_name)) == []


def test_what_the_tool_runs_in_code_may_have_made_what_it_names(make_history: MakeHistory, tmp_path: Path) -> None:
    code = tmp_path / "b.go"
    code.write_text('db.CreateTable("made"); db.DropTable("t")')
    history = make_history((f"{T} CREATE TABLE u (id int);", None), (f"INSERT INTO made VALUES (1); {T}", None))
    history = replace(history, in_code=(InCode(code, 1),))
    assert errors(history) == []
    code.write_text("")
    assert len(errors(history)) == 5


def test_the_same_name_is_not_proposed(make_history: MakeHistory) -> None:
    history = make_history(("DELETE FROM records; CREATE TABLE records (id int);", None))
    (finding,) = validate(history).errors
    assert finding.remedy == "Line 1 creates it: move that up."
