"""Which tables are taken for ledgers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.foreign_ledgers import find

if TYPE_CHECKING:
    from collections.abc import Iterator


GOOSE = "(id int, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp)"
GOLANG = "(version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)"
OURS = """
(id bigint GENERATED ALWAYS AS IDENTITY, name text PRIMARY KEY, version text NOT NULL, checksum text NOT NULL,
 state text NOT NULL, applied_at timestamptz, seconds double precision, applied_by text NOT NULL,
 statements int NOT NULL, total_statements int NOT NULL, rollback_sql text, rollback_note text, error text)
"""


def found(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    return [(ledger.tool.name, ledger.table) for ledger in find(connection)]


def test_an_empty_database(connection: psycopg.Connection[Any]) -> None:
    assert found(connection) == []


def test_several_ledgers_in_one_database(connection: psycopg.Connection[Any]) -> None:
    connection.execute(f"""
        CREATE SCHEMA a; CREATE SCHEMA b; CREATE SCHEMA "Ä.b";
        CREATE TABLE a.schema_migrations {GOLANG};
        CREATE TABLE b.goose_db_version {GOOSE};
        CREATE TABLE "Ä.b"."v""1" {GOOSE};
        CREATE TABLE public.alembic_version (version_num varchar(32));
        SET search_path = b, public""")
    assert found(connection) == [
        ("goose", "b.goose_db_version"),
        ("Alembic", "public.alembic_version"),
        ("golang-migrate", "a.schema_migrations"),
        ("goose", '"Ä.b"."v""1"'),
    ]


@pytest.mark.parametrize(
    "table", ["pytest_migrations.migration_history", "public.migration_history", "public.schema_migrations"]
)
def test_our_own_is_nobody_elses(connection: psycopg.Connection[Any], table: str) -> None:
    connection.execute("CREATE SCHEMA pytest_migrations")
    connection.execute(f"CREATE TABLE {table} {OURS}".encode())
    assert found(connection) == []


@pytest.mark.parametrize(
    "table",
    [
        "versions (version text)",
        "documents (version bigint, dirty boolean, body text)",
        "dogs (version text, dirty boolean)",
        "history (id int, name text, version text)",
        "bird_migrations (id int, name text, date date)",
        "migration_history (id int, note text)",
        "releases (description text, version text, installed_on date, success boolean, checksum text)",
        "changes (change text, project text, committed_at timestamptz)",
        "version (version int)",
        "drafts (hash text, created_at bigint)",
    ],
)
def test_what_only_looks_alike(connection: psycopg.Connection[Any], table: str) -> None:
    connection.execute(f"CREATE TABLE {table}".encode())
    assert found(connection) == []


@pytest.mark.parametrize(
    ("tool", "tables"),
    [
        ("Django", "django_migrations (id bigint, app varchar(255), name varchar(255), applied timestamptz)"),
        ("Rails", "ar_internal_metadata (key varchar, value varchar)|schema_migrations (version varchar PRIMARY KEY)"),
        ("Ecto", "schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp(0))"),
        ("Knex", "knex_migrations (id serial, name varchar(255), batch int, migration_time timestamptz)"),
        ("TypeORM", 'migrations (id serial, "timestamp" bigint, name varchar)'),
        ("Sequelize", '"SequelizeMeta" (name varchar(255) PRIMARY KEY)'),
        ("Laravel", "migrations (id serial, migration varchar(255), batch int)"),
        ("Entity Framework", '"__EFMigrationsHistory" ("MigrationId" varchar(150), "ProductVersion" varchar(32))'),
        ("dbmate", "schema_migrations (version varchar(255) PRIMARY KEY)"),
    ],
)
def test_tools_whose_tables_are_much_alike(connection: psycopg.Connection[Any], tool: str, tables: str) -> None:
    for table in tables.split("|"):
        connection.execute(f"CREATE TABLE {table}".encode())
    (ledger,) = find(connection)
    assert ledger.tool.name == tool
    assert ledger.tells is (tool == "dbmate")


def test_columns_of_domains(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE DOMAIN num AS bigint CHECK (VALUE > 0)")
    connection.execute("CREATE TABLE schema_migrations (version num, dirty boolean)")
    assert found(connection) == [("golang-migrate", "public.schema_migrations")]


def test_tables_of_the_session_do_not_count(connection: psycopg.Connection[Any]) -> None:
    connection.execute(f"CREATE TEMPORARY TABLE goose_db_version {GOOSE}".encode())
    connection.execute("CREATE TEMPORARY TABLE pg_class ()")
    connection.execute("CREATE VIEW alembic_version AS SELECT 'a'::varchar AS version_num")
    assert found(connection) == []


def test_nothing_is_locked_that_others_may_need(own_connection: psycopg.Connection[Any]) -> None:
    own_connection.execute(f"CREATE TABLE goose_db_version {GOOSE}".encode())
    with own_connection.transaction():
        own_connection.execute("SET TRANSACTION READ ONLY")
        for ledger in find(own_connection):
            ledger.read(own_connection)
        locks = own_connection.execute(
            "SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'"
        )
        assert locks.fetchall() == [("AccessShareLock",)]


@pytest.fixture
def reader(connection: psycopg.Connection[Any]) -> Iterator[str]:
    connection.execute('CREATE ROLE "the reader"')
    yield "the reader"
    connection.execute('RESET ROLE; DROP OWNED BY "the reader"; DROP ROLE "the reader"')


def test_without_rights_on_the_table(connection: psycopg.Connection[Any], reader: str) -> None:
    connection.execute(f"CREATE SCHEMA app; CREATE TABLE app.goose_db_version {GOOSE}".encode())
    connection.execute(f'SET ROLE "{reader}"'.encode())
    (ledger,) = find(connection)
    assert ledger.tool.name == "goose"
    with pytest.raises(UserError) as raised:
        ledger.read(connection)
    assert str(raised.value) == (
        '"the reader" may not read app.goose_db_version. Let its owner say: '
        'GRANT USAGE ON SCHEMA app TO "the reader"; GRANT SELECT ON app.goose_db_version TO "the reader";'
    )
    grants = ledger.hindrance.partition("say: ")[2]
    connection.execute(f'RESET ROLE; {grants} SET ROLE "{reader}"'.encode())
    (ledger,) = find(connection)
    assert ledger.hindrance == ""
    assert ledger.read(connection) == []


def test_rows_that_row_security_hides_are_not_taken_for_pending(
    connection: psycopg.Connection[Any], reader: str
) -> None:
    connection.execute(
        f"""
        CREATE TABLE goose_db_version {GOOSE};
        ALTER TABLE goose_db_version ENABLE ROW LEVEL SECURITY;
        GRANT SELECT ON goose_db_version TO "{reader}";
        SET ROLE "{reader}" """.encode()
    )
    (ledger,) = find(connection)
    with pytest.raises(UserError, match=r'^row security may hide rows of public\.goose_db_version from "the reader"'):
        ledger.read(connection)
    connection.execute("RESET ROLE")
    (ledger,) = find(connection)
    assert ledger.read(connection) == []


def test_a_ledger_that_somebody_keeps_locked(own_connection: psycopg.Connection[Any]) -> None:
    own_connection.execute(f"CREATE TABLE goose_db_version {GOOSE}".encode())
    with psycopg.connect(own_connection.info.dsn) as other:
        other.execute("LOCK TABLE goose_db_version")
        own_connection.execute("SET lock_timeout = '50ms'")
        (ledger,) = find(own_connection)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            ledger.read(own_connection)
