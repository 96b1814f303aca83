"""Common problems: each heading is the message that is really shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from pytest_migrations.operations.lock import RunLock
from pytest_migrations.operations.target import Target
from pytest_migrations.sqlstates import description
from tests.examples import example, run
from tests.guide.text import sections

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations

HEADINGS = {
    match[2]: match[1] for heading in sections("Common problems") if (match := re.match(r"(.*) \((\w{5})\)$", heading))
}
#: Shown where two sessions meet.
OF_TWO_SESSIONS = {"55P03", "40P01"}


@pytest.mark.parametrize("code", sorted(HEADINGS.keys() - OF_TWO_SESSIONS))
def test_messages_of_the_server(connection: psycopg.Connection, code: str) -> None:
    """The example of ``explain`` brings it about."""
    text = description(code)
    connection.execute(example(text, "Given").encode())
    with pytest.raises(psycopg.Error) as error:
        run(connection, example(text, "Fails"))
    assert error.value.diag.message_primary == HEADINGS[code]


def test_a_lock_that_is_not_free(database: Database) -> None:
    with psycopg.connect(database.dsn) as first, psycopg.connect(database.dsn) as second:
        first.execute("CREATE TABLE a ()")
        first.commit()
        first.execute("LOCK a")
        second.execute("SET lock_timeout = '1ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable) as error:
            second.execute("LOCK a")
    assert error.value.diag.message_primary == HEADINGS["55P03"]


def test_messages_of_the_commands(database: Database, cli: Cli, migrations: Migrations) -> None:
    folder = migrations(m001_users="CREATE TABLE users ();", m003_later="SELECT 1;")
    assert cli("run").code == 0
    migrations(m001_users="CREATE TABLE users (id int);")
    told = [cli("run").err]
    migrations(m001_users="CREATE TABLE users ();", m002_orders="CREATE TABLE orders ();")
    told.append(cli("run").err)
    assert cli("run", "--out-of-order").code == 0
    (folder / "002_orders.sql").unlink()
    told.append(cli("run").err)
    target = Target.named(database.dsn)
    with target.connect() as other:
        RunLock(other, target.ledger, target.where).take(0)
        told.append(cli("run", "--lock-timeout=100ms").err)
    told.append(_told_of_code(cli, folder.parent / "goose"))
    headings = [heading for heading in sections("Common problems") if not heading.endswith(")")]
    shown = {heading for heading in headings if any(heading in text for text in told)}
    assert set(headings) - shown == {"The rollback leaves the schema different"}


def _told_of_code(cli: Cli, folder: Path) -> str:
    folder.mkdir()
    (folder / "00003_c.go").write_text("package migrations")
    for name in ("00002_b.sql", "00004_d.sql"):
        (folder / name).write_text("-- +goose Up\nSELECT 1;\n")
    return cli("run", "--dir", str(folder), "--ledger", "goose.ledger").err
