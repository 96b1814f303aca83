"""``backups`` lists and prunes, ``restore`` says how the new database takes the place of the old one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.operations.backups.taking import back_up
from pytest_migrations.operations.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.server.server import Database, Server
    from tests.commands import Cli, Query


@pytest.fixture
def take(database: Database, query: Query) -> Callable[[str], str]:
    query("create table users (id int); insert into users values (1)")

    def take(version: str) -> str:
        return back_up(Target.named(database.dsn), Path("backups"), version=version).name

    return take


@pytest.fixture
def restored(server: Server, database: Database) -> Iterator[str]:
    name = f"{database.name}_new"
    yield name
    with server.connect_admin() as admin:
        admin.execute(f"drop database if exists {name} with (force)")


def test_without_any(cli: Cli) -> None:
    result = cli("backups")
    assert (result.code, result.out.strip()) == (
        0,
        "There are no backups in backups. `pytest-migrations run --backup` takes one.",
    )
    assert cli("backups", "--json").json == {"backups": [], "removed": []}


def test_the_newest_comes_first(cli: Cli, take: Callable[[str], str], database: Database) -> None:
    names = [take("001"), take("002")]
    result = cli("backups")
    lines = result.out.splitlines()
    assert lines[0].split() == ["backup", "database", "server", "taken", "at", "version", "size", "objects"]
    assert [line.split()[0] for line in lines[1:]] == names[::-1]
    assert lines[1].split()[1] == database.name
    (newest, _) = cli("backups", "--json").json["backups"]
    size = Path("backups", names[1]).stat().st_size
    assert newest["path"] == f"backups/{names[1]}"
    assert (newest["database"], newest["version"], newest["bytes"], newest["objects"]) == (
        database.name,
        "002",
        size,
        1,
    )


def test_pruning_asks_first(cli: Cli, take: Callable[[str], str]) -> None:
    names = [take("001"), take("002"), take("003")]
    result = cli("backups", "--prune", "--keep", "1")
    assert result.code == 2
    assert names[0] in result.out
    assert names[1] in result.out
    assert names[2] not in result.out
    assert cli("backups", "--prune", "--keep", "1", "--json").out == ""
    assert "Nothing was deleted. To delete without being asked, say --yes." in result.err
    result = cli("backups", "--prune", "--keep", "1", "--yes")
    assert (result.code, result.out) == (0, "2 backups deleted, 1 kept.\n")
    assert sorted(path.name for path in Path("backups").iterdir()) == [
        names[2],
        names[2].replace(".dump", ".json"),
    ]
    assert cli("backups", "--prune", "--keep", "0").code == 2


def test_a_backup_is_named_by_its_file_or_its_name(
    cli: Cli, take: Callable[[str], str], restored: str, query: Query, database: Database
) -> None:
    name = take("007")
    query("alter table users add name text")
    result = cli("restore", name.removesuffix(".dump"), "--into", restored)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].startswith(f"restore    backups/{name} (")
    assert "verify     1 object, as in the backup" in lines
    assert ["only", "in", database.name, "column", "public.users.name"] in [line.split() for line in lines]
    assert any(line.startswith("psql -v ON_ERROR_STOP=1 ") and line.endswith("<<'SQL'") for line in lines)
    assert f'ALTER DATABASE "{restored}" RENAME TO "{database.name}";' in lines
    again = cli("restore", f"backups/{name}", "--into", restored)
    assert again.code == 2
    assert "nothing is restored over one" in again.err


def test_the_same_as_json(cli: Cli, take: Callable[[str], str], restored: str, database: Database) -> None:
    data = cli("restore", take("007"), "--into", restored, "--json").json
    assert (data["database"], data["objects"], data["missing"], data["added"]) == (restored, 1, [], [])
    assert data["differences"] == []
    assert data["swap"]["used"] == database.name
    assert data["swap"]["statements"][3] == "BEGIN;"


def test_one_that_is_not_there(cli: Cli, take: Callable[[str], str], restored: str) -> None:
    name = take("007")
    result = cli("restore", "nothing", "--into", restored)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"There is no backup nothing, neither here nor in backups. The newest there: {name}.\n"
