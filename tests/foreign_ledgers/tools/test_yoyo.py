"""The ledger of yoyo, made by yoyo itself."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import yoyo

from pytest_migrations.foreign_ledgers import survey
from tests.foreign_ledgers.conftest import Told

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from pytest_migrations.migration import History

NAMES = ("0001.users", "0002-grants", "a")


def test_what_yoyo_has_done(own_connection: psycopg.Connection[Any], history: Callable[..., History]) -> None:
    files = {f"{name}.sql": f'CREATE TABLE "{name}" ();' for name in NAMES}
    rollbacks = {f"{name}.rollback.sql": f'DROP TABLE "{name}";' for name in NAMES}
    read = history(files | rollbacks)
    info = own_connection.info
    user, host = quote(info.user, safe=""), quote(info.host, safe="")
    backend = yoyo.get_backend(f"postgresql+psycopg://{user}@/{info.dbname}?host={host}&port={info.port}")
    try:
        migrations = yoyo.read_migrations(str(read.folder))
        backend.apply_migrations(backend.to_apply(migrations))
        backend.rollback_migrations([backend.to_rollback(migrations)[0]])
    finally:
        backend.connection.close()
    (said,) = survey(own_connection, read)
    found = Told.of(said)
    assert (found.tool, found.table) == ("yoyo", "public._yoyo_migration")
    assert (found.applied, found.unknown) == (["0001.users.sql", "0002-grants.sql"], [])
    now = datetime.now(timezone.utc)
    assert all(at is not None and abs((now - at).total_seconds()) < 60 for at in said.taken.applied.values())


def test_its_times_are_in_utc(connection: psycopg.Connection[Any], history: Callable[..., History]) -> None:
    connection.execute("""
        SET timezone = 'Asia/Tokyo';
        CREATE TABLE _yoyo_migration (migration_hash varchar(64) PRIMARY KEY, migration_id varchar(255),
            applied_at_utc timestamp);
        INSERT INTO _yoyo_migration VALUES ('1', '0001.users', '2024-01-01 10:00')""")
    (said,) = survey(connection, history({"0001.users.sql": "-- depends:\nSELECT 1;"}))
    assert Told.of(said).times == ["2024-01-01 10:00:00"]


def test_before_version_6(told: Callable[[str, History], Told], history: Callable[..., History]) -> None:
    ledger = """
        CREATE TABLE _yoyo_migration (id varchar(191) NOT NULL PRIMARY KEY, ctime timestamp);
        INSERT INTO _yoyo_migration VALUES ('0001.users', '2015-01-01')"""
    found = told(ledger, history({"0001.users.sql": "-- depends:\nSELECT 1;"}))
    assert (found.tool, found.applied, found.times) == ("yoyo", ["0001.users.sql"], ["2015-01-01 00:00:00"])
