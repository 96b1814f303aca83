"""Every template of ``new`` is written by the command in every format, and proved by the plugin."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from pytest_migrations.blueprints.blueprint import blueprints
from pytest_migrations.blueprints.files import write_drafts
from pytest_migrations.cli import _run
from pytest_migrations.formats import FORMATS, read_history
from pytest_migrations.formats.writing.draft import Draft
from pytest_migrations.runner import Runner
from pytest_migrations.sql.grammar import statements
from tests.cli.test_new import TRANSACTIONS_ONLY, in_a_folder_of_its_own, new

if TYPE_CHECKING:
    from pytest_migrations.migration import Script

__all__ = ["in_a_folder_of_its_own"]

WITHOUT_ROLLBACKS = {"refinery", "supabase", "prisma", "atlas"}
BY_THEIR_TOOL = {"sqitch", "drizzle", "graphile", "liquibase", "alembic"}
WRITTEN = [name for name in FORMATS if name not in BY_THEIR_TOOL]
PROVED = ("ours", "node-pg-migrate")
#: What the templates work on, with rows that one batch cannot fill.
BASE = (
    """CREATE TYPE mood AS ENUM ('sad', 'fine');
CREATE TABLE users (id int PRIMARY KEY, email text, mood mood);
CREATE TABLE orders (user_id int);
DO $$
BEGIN
    FOR i IN 1..1500 LOOP
        INSERT INTO users (id, mood) VALUES (i * 3, 'sad');
    END LOOP;
END $$;
INSERT INTO orders (user_id) SELECT id FROM users;
""",
    "DROP TABLE orders;\nDROP TABLE users;\nDROP TYPE mood;\n",
)
FILLED = ("UPDATE users SET email = 'a value';\n", "-- Nothing: the values stay.\n")
BY_HAND = {"base": BASE, "filled": FILLED}
#: Each template, and by name what is before and between them.
STEPS: list[tuple[str, ...]] = [
    ("base",),
    ("table", "table=grants"),
    ("column", "table=grants", "column=order", "type=numeric(10, 2)"),
    ("index-concurrently", "table=orders", "column=user_id"),
    ("foreign-key", "table=orders", "column=user_id", "references=users"),
    ("enum-value", "type=mood", "value=it's", "values='sad', 'fine'", "table=users", "column=mood"),
    ("backfill", "table=users", "column=email", "value='none@example.org'"),
    ("filled",),
    ("not-null-in-steps", "table=users", "column=email"),
    ("empty",),
]
MIGRATIONS = {"foreign-key": 2, "not-null-in-steps": 3}
OUTSIDE_TRANSACTIONS = {"index-concurrently", "backfill"}


def folder_for(format_name: str) -> Path:
    """An empty folder in which the files that are written are taken for that format's."""
    folder = Path(format_name) / "migrations"
    folder.mkdir(parents=True)
    if format_name == "refinery":
        (folder.parent / "refinery.toml").write_text("")
    return folder


def write_all(folder: Path, format_name: str) -> int:
    """All steps that the format can have; how many migrations that is."""
    count = 0
    for template, *values in STEPS:
        if format_name in TRANSACTIONS_ONLY and template in OUTSIDE_TRANSACTIONS:
            continue
        if format_name not in TRANSACTIONS_ONLY and template == "filled":
            continue
        if template in BY_HAND:
            draft = Draft(template, *BY_HAND[template], moment=datetime.now(timezone.utc), format_is_named=True)
            write_drafts(folder, format_name, [draft])
        else:
            arguments = (f"--dir={folder}", f"--format={format_name}", f"--template={template}")
            assert new(f"{template} no {count}", *values, *arguments) == 0
        count += MIGRATIONS.get(template, 1)
    return count


def test_each_template_is_proved(pytester: pytest.Pytester, given_server: None) -> None:
    """In our own format, and in one whose tool makes a transaction around every migration."""
    assert {template for template, *_ in STEPS} == {each.name for each in blueprints()} | set(BY_HAND)
    counts = {name: write_all(folder_for(name), name) for name in PROVED}
    result = pytester.runpytest("-p", "no:randomly", *(f"--migrations-dir={name}/migrations" for name in PROVED))
    result.assert_outcomes(passed=sum(1 + count * 4 for count in counts.values()))
    told = result.stdout.str()
    assert all(f": {count} in {name}/migrations/ ({name})" in told for name, count in counts.items())


def test_in_each_format_it_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """The same statements as in those that are proved; which of them fit in a transaction the server says."""
    for name in WRITTEN:
        write_all(folder_for(name), name)
        assert _run(["validate", f"--dir={name}/migrations"]) == 0
    for name in WRITTEN:
        proved = read_history(Path(PROVED[name in TRANSACTIONS_ONLY], "migrations"))
        history = read_history(Path(name, "migrations"))
        assert history.format == name
        assert [sent(migration.up) for migration in history] == [sent(migration.up) for migration in proved]
        back = [migration.down and sent(migration.down) for migration in history]
        assert back == [None if name in WITHOUT_ROLLBACKS else sent(m.down) for m in proved if m.down]


def sent(script: Script) -> list[str]:
    """What it does; a tool that refuses empty files gets a statement that does nothing."""
    return [statement.text for statement in statements(script) if statement.text != "SELECT 1"]


def test_what_the_templates_promise(connection: psycopg.Connection) -> None:
    """The backfill fills every row, and the last of the steps to NOT NULL reads none."""
    write_all(folder_for("ours"), "ours")
    runner = Runner(connection)
    for migration in read_history(Path("ours/migrations")):
        if migration.name.endswith("_set.sql"):
            break
        runner.apply(migration)
    assert rows(connection, "SELECT DISTINCT email FROM users") == [("none@example.org",)]
    scans = "SELECT pg_stat_get_xact_numscans('users'::regclass)"
    with connection.transaction():
        before = rows(connection, scans)
        runner.apply_inside(migration)
        assert rows(connection, scans) == before
    with pytest.raises(psycopg.errors.NotNullViolation):
        connection.execute("UPDATE users SET email = NULL")


def rows(connection: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(query.encode()).fetchall()
