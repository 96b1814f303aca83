"""Commands, links and the weekly check: all that the guide names is there, and works as it is written."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from pytest_migrations.cli import _group
from tests.guide.text import CHAPTERS, GUIDE, ROOT, blocks, our_commands

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database, Server
    from tests.commands import Cli, Migrations


@pytest.mark.parametrize("line", sorted({shlex.join(words) for words in our_commands()}))
def test_a_command(line: str) -> None:
    """It is one, and takes these options."""
    words = shlex.split(line)
    context = click.Context(_group, info_name="pytest-migrations")
    command = _group.get_command(context, words[1])
    assert command is not None
    command.make_context(words[1], words[2:], parent=context)


def test_there_are_commands_to_test() -> None:
    named = {words[1] for words in our_commands()}
    assert {"new", "test", "status", "run", "rollback", "mark", "repair", "backups", "restore", "explain"} <= named


def test_links() -> None:
    headings = re.findall(r"^#+ (.*)$", GUIDE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    links = re.findall(r"\]\(([^)]*)\)", GUIDE)
    assert len(links) > 10
    for link in links:
        file, _, anchor = link.partition("#")
        assert (ROOT / file).exists(), link
        assert file or anchor in anchors, link


@pytest.mark.skipif(shutil.which("psql") is None, reason="no psql here")
def test_the_weekly_check(
    tmp_path: Path, server: Server, database: Database, server_dsn: str, cli: Cli, migrations: Migrations
) -> None:
    """It comes to its end where all is right, and stops where something is not."""
    (script,) = blocks(CHAPTERS["A weekly check"], "sh")
    check = tmp_path / "check"
    check.write_text(script.replace("/srv/grants", str(tmp_path)))
    ours = tmp_path / "bin" / "pytest-migrations"
    ours.parent.mkdir()
    ours.write_text(f'#!/bin/sh\nexec {sys.executable} -m pytest_migrations "$@"\n')
    ours.chmod(0o755)
    staging = server.create_database()
    migrations(m001_users="CREATE TABLE users ();\n--\nDROP TABLE users;")
    assert cli("run", "--backup").code == 0
    assert cli("run", "--dsn", staging.dsn).code == 0
    environment = {
        **os.environ,
        "PATH": f"{ours.parent}:{os.environ['PATH']}",
        "DATABASE_URL": database.url_for("postgresql"),
        "STAGING_URL": staging.url_for("postgresql"),
        "PYTEST_MIGRATIONS_SERVER": server_dsn,
    }

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", check], env=environment, capture_output=True, text=True, check=False)

    good = run()
    assert good.returncode == 0, good.stdout + good.stderr
    assert "0 backups deleted, 1 kept." in good.stdout
    migrations(m002_more="CREATE TABLE more ();\n--\nDROP TABLE more;")
    assert cli("run", "--dsn", staging.dsn).code == 0
    differing = run()
    assert differing.returncode == 1
    assert "002_more.sql" in differing.stdout
    server.drop(staging)
