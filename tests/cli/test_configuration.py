"""What commands take from pyproject.toml and the environment, and what they say of nonsense."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations

TABLE = "CREATE TABLE users (id int);"


def test_the_nearest_pyproject_names_all(
    database: Database, cli: Cli, migrations: Migrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations("db", m001_users=TABLE)
    monkeypatch.delenv("DATABASE_URL")
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.pytest-migrations]\ndir = "db"\nformat = "ours"\ndsn = "{database.dsn}"\n'
        'ledger = "ops.done"\nlock-timeout = "1s"\nplaceholders = { a = "b" }\n'
    )
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert cli("run").code == 0
    assert cli("status", "--ledger", "ops.done").out.startswith("migration")
    assert "1 of 1 migration applied" in cli("status").out


def test_the_option_beats_the_variable_beats_the_file(
    database: Database, cli: Cli, migrations: Migrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations(m001_users=TABLE)
    (tmp_path / "pyproject.toml").write_text('[tool.pytest-migrations]\ndsn = "host=file.invalid dbname=x"\n')
    assert cli("status").code == 0
    assert "option.invalid" in cli("status", "--dsn", "host=option.invalid dbname=x").err
    monkeypatch.delenv("DATABASE_URL")
    assert "file.invalid" in cli("status").err


def test_the_plugins_folder_is_that_of_the_commands(
    database: Database, cli: Cli, migrations: Migrations, tmp_path: Path
) -> None:
    migrations("sql", m001_users=TABLE)
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\nmigrations_dir = ["sql"]\n')
    assert "001_users.sql" in cli("status").out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[tool.pytest-migrations]\nfolder = 'x'\n",
            "[tool.pytest-migrations] knows no 'folder'. It may hold backups,",
        ),
        ("[tool.pytest-migrations]\ndir = 7\n", "dir in [tool.pytest-migrations] must be a string."),
        ("[tool.pytest-migrations\n", "pyproject.toml cannot be read:"),
    ],
)
def test_nonsense_in_it(text: str, message: str, database: Database, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    ran = cli("status")
    assert ran.code == 2
    assert message in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frobnicate"], "No such command 'frobnicate'."),
        (["run", "--frobnicate"], "No such option"),
        (["run", "--lock-timeout", "soon"], "'soon' is no time. Say 500ms, 5s or 2min; 0 is for ever."),
        (["status", "--placeholder", "x"], "--placeholder=x: say NAME=VALUE"),
        (["rollback"], "Name the migration to roll back"),
        (["mark", "1"], "Say one of --applied, --pending and --rolled-back."),
        (["run", "--continue", "--single-transaction"], "run --continue first, without it"),
    ],
)
def test_usage(arguments: list[str], message: str, database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=TABLE)
    ran = cli(*arguments)
    assert ran.code == 2
    assert message in ran.err


def test_help_names_every_command(cli: Cli) -> None:
    shown = cli("--help")
    assert shown.code == 0
    for command in ("status", "run", "rollback", "mark", "baseline", "repair", "backups", "restore"):
        assert f"\n  {command} " in shown.out
        assert cli(command, "--help").code == 0
    assert cli("--version").out.startswith("pytest-migrations 0.")


def test_as_a_module_and_into_a_pipe_that_closes(database: Database, migrations: Migrations) -> None:
    migrations(**{f"m{number:03}_x": "SELECT 1;" for number in range(1, 400)})
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = f"{sys.executable} -m pytest_migrations status | head -1"
    shown = subprocess.run(command, shell=True, check=True, text=True, capture_output=True, env=environment)
    assert shown.stdout.startswith("migration")
    assert not shown.stderr


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys\nfrom pytest_migrations.cli import main\n"
        "try:\n    main(['--version'])\nexcept SystemExit:\n    pass\n"
        "print(*[name for name in ('psycopg', 'postgast', 'sqlglot', 'rich', 'pytest') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, text=True, capture_output=True)
    assert shown.stdout.splitlines()[1:] == [""]


def test_a_placeholder_that_does_nothing_is_refused(
    cli: Cli, migrations: Migrations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    migrations(m001_users="CREATE TABLE users (id int);")
    refused = cli("validate", "--placeholder", "schema=app")
    assert (refused.code, refused.err) == (
        2,
        "--placeholder: migrations in the format 'ours' have none. Leave it out.\n",
    )
    (tmp_path / "flyway").mkdir()
    (tmp_path / "flyway" / "V1__users.sql").write_text("CREATE TABLE ${Name} (id int);")
    misspelt = cli("validate", "--dir", "flyway", "--placeholder", "name=users", "--placeholder", "nmae=users")
    assert (misspelt.code, misspelt.err) == (2, "--placeholder nmae: no file of flyway has that name in it.\n")
    assert cli("validate", "--dir", "flyway", "--placeholder", "name=users").code == 0

    (tmp_path / "pyproject.toml").write_text('[tool.pytest-migrations]\nplaceholders = { name = "users" }\n')
    assert cli("validate").code == 0, "it may be for another folder of the project"


@pytest.mark.parametrize(
    "arguments",
    [
        (DSN := "postgresql://admin:s3cretPW@127.0.0.1:1/db",),
        ("run", DSN),
        ("status", DSN),
        ("rollback", DSN),
        ("mark", DSN, "--applied"),
        ("run", "--to", DSN),
        ("status", "--ledger", DSN),
        ("status", "--format", DSN),
        ("status", f"--dsn:{DSN}"),
        ("run", "--lock-timeout", DSN),
        ("run", "--dry-run", "--server", f"docker:{DSN}"),
        ("validate", "--dir", DSN),
        ("explain", DSN),
        ("new", DSN),
        ("new", "x", DSN),
        ("restore", DSN, "--into", "x"),
        ("status", "host=127.0.0.1 user=admin password=s3cretPW"),
        ("status", "postgresql://127.0.0.1/db?user=admin&password=s3cretPW"),
        ("status", "postgresql://admin:s3cretPW@s3cretPW@127.0.0.1/db"),
    ],
    ids=" ".join,
)
def test_a_dsn_that_stands_elsewhere_shows_no_password(
    arguments: tuple[str, ...], database: Database, cli: Cli, migrations: Migrations, tmp_path: Path
) -> None:
    migrations(m001_users=TABLE)
    said = cli(*arguments)
    assert said.code == 2
    assert "s3cretPW" not in said.out + said.err
    assert not list((tmp_path / "migrations").glob("002*"))
