"""What the runner has to know of statements, and that the server agrees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from pytest_migrations.migration import Script
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database, Server

#: PostgreSQL refuses these in a transaction block.
OUTSIDE = [
    "CREATE INDEX CONCURRENTLY i ON t (x)",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_x ON t (x)",
    "DROP INDEX CONCURRENTLY t_x",
    "REINDEX INDEX CONCURRENTLY t_x",
    "REINDEX (VERBOSE, CONCURRENTLY) TABLE t",
    "REINDEX (CONCURRENTLY on) TABLE t",
    "REINDEX SCHEMA public",
    "REINDEX DATABASE",
    "REINDEX SYSTEM",
    "VACUUM",
    "VACUUM (ANALYZE) t",
    "VACUUM FULL t",
    "CLUSTER",
    "CLUSTER VERBOSE",
    "ALTER TABLE parts DETACH PARTITION part CONCURRENTLY",
    "ALTER SYSTEM SET work_mem = '8MB'",
    "ALTER SYSTEM RESET ALL",
    "CREATE DATABASE d",
    "DROP DATABASE IF EXISTS d",
    "ALTER DATABASE template1 SET TABLESPACE pg_default",
    "CREATE TABLESPACE s LOCATION '/nowhere'",
    "DROP TABLESPACE IF EXISTS s",
    "DISCARD ALL",
    "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p",
    "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p WITH (enabled = false)",
    "ALTER SUBSCRIPTION sub REFRESH PUBLICATION",
    "ALTER SUBSCRIPTION sub SET PUBLICATION p",
    "ALTER SUBSCRIPTION sub ADD PUBLICATION q",
    "ALTER SUBSCRIPTION sub DROP PUBLICATION z WITH (refresh = 1)",
    "DROP SUBSCRIPTION sub",
]

#: Their neighbours, which it takes there.
INSIDE = [
    "CREATE INDEX i ON t (x)",
    "DROP INDEX t_x",
    "REINDEX TABLE t",
    "REINDEX INDEX t_x",
    "REINDEX (CONCURRENTLY false) TABLE t",
    "ANALYZE",
    "ANALYZE t",
    "CLUSTER t USING t_x",
    "ALTER TABLE parts DETACH PARTITION part",
    "ALTER TYPE e ADD VALUE 'b'",
    "DISCARD TEMP",
    "DISCARD PLANS",
    "ALTER DATABASE template1 CONNECTION LIMIT 5",
    "ALTER DATABASE template1 SET work_mem = '8MB'",
    "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)",
    "ALTER SUBSCRIPTION sub SET PUBLICATION p WITH (refresh = false)",
    "ALTER SUBSCRIPTION sub ADD PUBLICATION q WITH (refresh = 0)",
    "ALTER SUBSCRIPTION sub SET (binary = true)",
    "CREATE ROLE pytest_migrations_traits",
    "LOCK TABLE t",
    "DO $$ BEGIN PERFORM 1; END $$",
    "CREATE STATISTICS st ON x, y FROM t",
    "COMMENT ON TABLE t IS 'VACUUM'",
]

OTHERS = [
    ("BEGIN", Trait.TRANSACTION_FRAME),
    ("START TRANSACTION READ ONLY", Trait.TRANSACTION_FRAME),
    ("COMMIT", Trait.TRANSACTION_FRAME),
    ("END", Trait.TRANSACTION_FRAME),
    ("COMMIT AND CHAIN", Trait.TRANSACTION_CONTROL),
    ("ROLLBACK", Trait.TRANSACTION_CONTROL),
    ("ABORT", Trait.TRANSACTION_CONTROL),
    ("PREPARE TRANSACTION 'x'", Trait.TRANSACTION_CONTROL),
    ("COMMIT PREPARED 'x'", Trait.TRANSACTION_CONTROL),
    ("ROLLBACK PREPARED 'x'", Trait.TRANSACTION_CONTROL),
    ("SAVEPOINT a", Trait.NONE),
    ("RELEASE a", Trait.NONE),
    ("ROLLBACK TO a", Trait.NONE),
    ("COPY t FROM STDIN", Trait.COPY_STREAM),
    ("COPY t (x) TO STDOUT WITH (FORMAT csv)", Trait.COPY_STREAM),
    ("COPY t FROM '/file'", Trait.NONE),
    ("COPY t FROM PROGRAM 'cat'", Trait.NONE),
    ("CREATE ROLE a", Trait.CLUSTER),
    ("CREATE USER a", Trait.CLUSTER),
    ("ALTER ROLE a NOLOGIN", Trait.CLUSTER),
    ("ALTER ROLE a SET work_mem = '8MB'", Trait.CLUSTER),
    ("ALTER ROLE a RENAME TO b", Trait.CLUSTER),
    ("ALTER GROUP a ADD USER b", Trait.CLUSTER),
    ("DROP ROLE a", Trait.CLUSTER),
    ("GRANT a TO b", Trait.CLUSTER),
    ("REVOKE a FROM b", Trait.CLUSTER),
    ("GRANT SELECT ON t TO a", Trait.NONE),
    ("GRANT CREATE ON TABLESPACE s TO a", Trait.CLUSTER),
    ("GRANT SET ON PARAMETER work_mem TO a", Trait.CLUSTER),
    ("COMMENT ON ROLE a IS 'x'", Trait.CLUSTER),
    ("COMMENT ON TABLE a IS 'x'", Trait.NONE),
    ("SECURITY LABEL ON ROLE a IS 'x'", Trait.CLUSTER),
    ("ALTER TABLESPACE s OWNER TO a", Trait.CLUSTER),
    ("ALTER TABLESPACE s SET (seq_page_cost = 1)", Trait.CLUSTER),
    ("ALTER SUBSCRIPTION s OWNER TO a", Trait.CLUSTER),
    ("ALTER SUBSCRIPTION s DISABLE", Trait.CLUSTER),
    ("ALTER TABLE t OWNER TO a", Trait.NONE),
    ("CREATE USER MAPPING FOR a SERVER s", Trait.NONE),
    ("SELECT pg_create_logical_replication_slot('a', 'b')", Trait.CLUSTER | Trait.NEVER_UNDONE),
    ("SELECT 1", Trait.NONE),
    ("CALL f('CREATE ROLE a')", Trait.CLUSTER),
    ("CALL f('x')", Trait.NONE),
    ("DO $$ BEGIN CREATE ROLE a; END $$", Trait.CLUSTER),
    ("DO $$\nBEGIN\nCREATE ROLE a;\nEND\n$$", Trait.CLUSTER),
    ("DO $$\r\nBEGIN\r\n\tIF NOT EXISTS (SELECT 1) THEN\r\n\t\tcreate\r\n\t\tuser a;\r\nEND IF; END $$", Trait.CLUSTER),
    ('DO $$ BEGIN\nGRANT a, "b" TO c;\nEND $$', Trait.CLUSTER),
    ("DO $$ BEGIN\nGRANT SELECT ON t TO c;\nEND $$", Trait.NONE),
    ("DO $$ BEGIN EXECUTE 'ALTER SYSTEM SET work_mem = 1'; END $$", Trait.CLUSTER),
    ("DO $$ BEGIN CREATE USER MAPPING FOR a SERVER s; END $$", Trait.NONE),
    ("DO $$ BEGIN CREATE TABLE roles (); END $$", Trait.NONE),
]


def traits(statement: str) -> Trait:
    (only,) = statements(Script(Path("x.sql"), statement, statement))
    assert only.kind
    return only.traits


@pytest.mark.parametrize("statement", OUTSIDE)
def test_outside(statement: str) -> None:
    assert Trait.OUTSIDE_TRANSACTION in traits(statement)


@pytest.mark.parametrize("statement", INSIDE)
def test_inside(statement: str) -> None:
    assert Trait.OUTSIDE_TRANSACTION not in traits(statement)


@pytest.mark.parametrize(("statement", "expected"), OTHERS)
def test_other_traits(statement: str, expected: Trait) -> None:
    assert traits(statement) & ~Trait.PLAIN_DDL == expected


@pytest.mark.parametrize(
    ("statement", "plain"),
    [
        ("CREATE TABLE t (id serial PRIMARY KEY)", True),
        ("ALTER TABLE t ADD COLUMN a int DEFAULT 1", True),
        ("ALTER TABLE t ADD COLUMN a int DEFAULT nextval('s')", False),
        ("ALTER TABLE t ALTER COLUMN a TYPE text USING f(a)", False),
        ("CREATE INDEX i ON t (lower(a))", True),
        ("DROP TABLE t", True),
        ("INSERT INTO t VALUES (1)", False),
        ("SELECT nextval('s')", False),
        ("DO $$ BEGIN END $$", False),
        ("CREATE TABLE u AS SELECT nextval('s')", False),
        ("CREATE MATERIALIZED VIEW m AS SELECT nextval('s')", False),
        ("CREATE EXTENSION x", False),
        ("TRUNCATE t RESTART IDENTITY", False),
    ],
)
def test_plain_ddl_moves_no_sequence(statement: str, plain: bool) -> None:
    assert (Trait.PLAIN_DDL in traits(statement)) is plain


@pytest.fixture(scope="module")
def database(server: Server) -> Database:
    database = server.create_database()
    with server.connect(database) as connection:
        connection.execute(
            """
            CREATE TABLE t (x int, y int);
            CREATE INDEX t_x ON t (x);
            CREATE TYPE e AS ENUM ('a');
            CREATE TABLE parts (x int) PARTITION BY LIST (x);
            CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
            """
        )
    return database


def refused(server: Server, database: Database, statement: str) -> bool:
    """Whether the server answers 25001 to the statement inside a transaction block."""
    with server.connect(database) as connection:
        statement = statement.replace("REINDEX DATABASE", f'REINDEX DATABASE "{database}"')
        statement = statement.replace("REINDEX SYSTEM", f'REINDEX SYSTEM "{database}"')
        connection.execute("BEGIN")
        connection.execute("CREATE SUBSCRIPTION sub CONNECTION 'dbname=x' PUBLICATION p, z WITH (connect = false)")
        if "sub " in statement or statement.endswith("sub"):
            # A subscription that could refresh, without the other server that it would ask.
            connection.execute("UPDATE pg_subscription SET subenabled = true, subslotname = 'sub'")
        try:
            connection.execute(statement.encode())
        except psycopg.errors.ActiveSqlTransaction:
            return True
        finally:
            connection.execute("ROLLBACK")
        return False


@pytest.mark.parametrize("statement", OUTSIDE)
def test_the_server_refuses_it_in_a_transaction(server: Server, database: Database, statement: str) -> None:
    assert refused(server, database, statement)


@pytest.mark.parametrize("statement", INSIDE)
def test_the_server_takes_it_in_a_transaction(server: Server, database: Database, statement: str) -> None:
    assert not refused(server, database, statement)
