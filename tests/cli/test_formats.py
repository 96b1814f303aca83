"""``status``, ``run`` and ``rollback`` with every format that the plugin reads."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.blueprints.files import write_drafts
from pytest_migrations.formats import FORMATS
from pytest_migrations.formats.writing.draft import Draft
from tests.alembic.revisions import EMAIL, USERS

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Query

TABLE = "CREATE TABLE users (id int PRIMARY KEY, email text);"
INDEX = "CREATE INDEX users_email ON users (email);"
DRAFTS = (("users", f"{TABLE}\n", "DROP TABLE users;\n"), ("email", f"{INDEX}\n", "DROP INDEX users_email;\n"))
#: Their tools keep lists, hashes or programs, so they write them themselves.
PLAN = """\
%syntax-version=1.0.0
%project=test

users 2026-01-01T00:00:00Z A <a@example.org> # one
email 2026-01-02T00:00:00Z A <a@example.org> # two
"""
CHANGES = f"""\
--liquibase formatted sql
--changeset a:1
{TABLE}
--rollback DROP TABLE users;
--changeset a:2
{INDEX}
--rollback DROP INDEX users_email;
"""


ENVIRONMENT = """\
import sqlalchemy as sa
from alembic import context

with sa.create_engine("postgresql+psycopg://nowhere/nothing").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def hash_of(body: str, previous: str = "-") -> str:
    text = body if previous == "-" else f"{previous}\n{body}"
    return "sha1:" + hashlib.sha1(f"{text}\n".encode(), usedforsecurity=False).hexdigest()


def by_their_tools() -> dict[str, dict[str, str]]:
    journal = [{"idx": n, "version": "7", "when": n, "tag": tag} for n, tag in enumerate(("0000_users", "0001_email"))]
    first = hash_of(TABLE)
    return {
        "sqitch": {
            "sqitch.plan": PLAN,
            "sqitch.conf": "[core]\n\tengine = pg\n",
            "deploy/users.sql": f"BEGIN;\n{TABLE}\nCOMMIT;\n",
            "revert/users.sql": "BEGIN;\nDROP TABLE users;\nCOMMIT;\n",
            "deploy/email.sql": f"BEGIN;\n{INDEX}\nCOMMIT;\n",
            "revert/email.sql": "BEGIN;\nDROP INDEX users_email;\nCOMMIT;\n",
        },
        "liquibase": {"changelog.sql": CHANGES},
        "drizzle": {
            "meta/_journal.json": json.dumps({"version": "7", "dialect": "postgresql", "entries": journal}),
            "0000_users.sql": TABLE,
            "0001_email.sql": INDEX,
        },
        "graphile": {
            "committed/000001.sql": f"--! Previous: -\n--! Hash: {first}\n\n{TABLE}\n",
            "committed/000002.sql": f"--! Previous: {first}\n--! Hash: {hash_of(INDEX, first)}\n\n{INDEX}\n",
        },
        "alembic": {
            "env.py": ENVIRONMENT,
            "versions/a1.py": USERS,
            "versions/a2.py": EMAIL,
        },
    }


def write(name: str) -> None:
    folder = Path("migrations")
    folder.mkdir()
    if name in by_their_tools():
        for file, text in by_their_tools()[name].items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(text)
        return
    if name == "refinery":
        Path("refinery.toml").write_text("")
    drafts = [Draft(*draft, moment=datetime.now(timezone.utc), format_is_named=True) for draft in DRAFTS]
    write_drafts(folder, name, drafts)


@pytest.mark.parametrize("name", FORMATS)
def test_there_and_back(name: str, database: Database, cli: Cli, query: Query) -> None:
    write(name)
    named = f"--format={name}"
    there = query("SELECT count(*) FROM pg_class WHERE relname IN ('users', 'users_email')")
    ran = cli("run", named)
    assert ran.code == 0, ran.err
    migrations = cli("status", named, "--json").json["migrations"]
    assert [migration["state"] for migration in migrations] == ["applied", "applied"]
    back = cli("rollback", migrations[1]["name"], named)
    assert back.code == 0, back.err
    assert cli("rollback", "--to", migrations[0]["name"], named).code == 0
    assert query("SELECT count(*) FROM pg_class WHERE relname = 'users_email'") == there
    assert cli("rollback", migrations[0]["name"], named).code == 0
    assert cli("run", named).code == 0
    assert query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_email'::regclass") == [(True,)]
