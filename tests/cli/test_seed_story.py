"""What the project began with: a foreign key to a table that is created later, and no way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.catalog.snapshot import Snapshot, take_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.server.server import Database, Server
    from tests.commands import Cli

USERS = "CREATE TABLE users (id bigint PRIMARY KEY);\n-- ROLLBACK:\n-- DROP TABLE users;\n-- END ROLLBACK\n"
MONITORING = """\
-- Migration 007: Grant monitoring system
-- Dependencies: users, grants
CREATE TABLE grant_monitors (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_by bigint REFERENCES users (id),
    grant_id bigint NOT NULL
        REFERENCES grants (id) ON DELETE CASCADE
);
CREATE INDEX grant_monitors_grant ON grant_monitors (grant_id);

-- ROLLBACK:
-- DROP TABLE grant_monitors;
-- END ROLLBACK
"""
GRANTS = (
    "CREATE TABLE grants (id bigint PRIMARY KEY, title text NOT NULL);\n"
    "-- ROLLBACK:\n-- DROP TABLE grants;\n-- END ROLLBACK\n"
)


def schema(server: Server, database: Database) -> Snapshot:
    def is_ledger(_: str, name: str) -> bool:
        return "pytest_migrations" in name

    with server.connect(database) as connection:
        return take_snapshot(connection, leave_out=is_ledger)


def states(cli: Cli) -> dict[str, str]:
    return {m["name"]: m["state"] for m in cli("status", "--json").json["migrations"]}


def test_it(server: Server, database: Database, cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001_users.sql").write_text(USERS)
    (folder / "007_grant_monitoring_system.sql").write_text(MONITORING)
    (folder / "009_grants.sql").write_text(GRANTS)

    found = cli("validate")
    assert found.code == 1
    assert "migrations/007_grant_monitoring_system.sql:7:20" in found.out
    assert "        REFERENCES grants (id) ON DELETE CASCADE" in found.out
    assert "009_grants.sql" in found.out
    data = cli("validate", "--json").json
    assert {"rule": "foreign-key", "line": 7}.items() <= data["findings"][-1].items()
    assert data["suggested_order"] == ["001_users.sql", "009_grants.sql", "007_grant_monitoring_system.sql"]

    refused = cli("run", "--validate", "--backup")
    assert refused.code == 1
    assert "007_grant_monitoring_system.sql:7:20" in refused.err
    assert "Nothing was changed" in refused.err
    assert not (tmp_path / "backups").exists()
    assert set(states(cli).values()) == {"pending"}

    (folder / "009_grants.sql").rename(folder / "006_grants.sql")
    assert cli("validate").code == 0
    assert cli("run", "--to", "006").code == 0
    before = schema(server, database)
    ran = cli("run", "--validate", "--backup")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == "validate   3 migrations, no findings"
    assert lines[1].startswith("backup     backups/")
    assert lines[2].startswith("apply      007_grant_monitoring_system.sql")
    assert "Back again: pytest-migrations rollback 007_grant_monitoring_system.sql" in lines[3]
    assert set(states(cli).values()) == {"applied"}

    assert cli("rollback", "007_grant_monitoring_system.sql").code == 0
    assert states(cli) == {
        "001_users.sql": "applied",
        "006_grants.sql": "applied",
        "007_grant_monitoring_system.sql": "rolled back",
    }
    assert schema(server, database) == before
    assert len(list((tmp_path / "backups").glob("*.dump"))) == 1
