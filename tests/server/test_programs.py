"""What a program of PostgreSQL is started with. That it ends with whoever started it is tried with backups."""

from __future__ import annotations

from pathlib import Path

from pytest_migrations.server import programs
from pytest_migrations.server.clients import Client
from pytest_migrations.server.published import Published

_SECRETS = {"password": "s3cret", "sslpassword": "s3cret"}


def test_secrets_are_on_no_command_line() -> None:
    for client in (Client("18.6", "", Path("/usr/bin")), Client("18.6", "", container=Published("1a2b", "db", 5432))):
        command, environment = programs._command(client, ["pg_dump"], {"host": "h", **_SECRETS}, None)
        assert not [part for part in command if "s3cret" in part]
        assert "--no-password" in command
        assert environment["PGPASSWORD"] == "s3cret"


def test_what_a_program_says_without_words() -> None:
    assert programs._reason("pg_dump", -9, "") == "pg_dump was killed by SIGKILL"
    assert programs._reason("pg_dump", 137, "") == "pg_dump was killed by SIGKILL"
    assert programs._reason("pg_dump", 3, "") == "pg_dump ended with exit code 3"
    assert programs._reason("pg_dump", 1, "pg_dump: error: no") == "pg_dump: error: no"
