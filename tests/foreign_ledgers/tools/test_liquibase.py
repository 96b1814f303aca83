"""Liquibase's changesets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History
    from tests.foreign_ledgers.conftest import Told

    Tell = Callable[[str, History], Told]
    Read = Callable[..., History]

LEDGER = """
CREATE TABLE databasechangelog (id varchar(255) NOT NULL, author varchar(255) NOT NULL, filename varchar(255) NOT NULL,
    dateexecuted timestamp NOT NULL, orderexecuted int NOT NULL, exectype varchar(10) NOT NULL, md5sum varchar(35),
    description varchar(255), comments varchar(255), tag varchar(255), liquibase varchar(20), contexts varchar(255),
    labels varchar(255), deployment_id varchar(10));
CREATE TABLE databasechangeloglock (id int PRIMARY KEY, locked boolean NOT NULL, lockgranted timestamp,
    lockedby varchar(255));
INSERT INTO databasechangelog (id, author, filename, exectype, orderexecuted, dateexecuted)
SELECT id, author, filename, exectype, row_number() over (), '2024-01-01 10:00' FROM (VALUES
"""
HEADER = "--liquibase formatted sql\n"


def changeset(name: str) -> str:
    return f"\n--changeset {name}\nSELECT 1;\n"


def ledger(*rows: tuple[str, str, str, str]) -> str:
    return LEDGER + ", ".join(map(repr, rows)) + ") AS t (id, author, filename, exectype)"


def test_a_changeset_is_known_by_author_id_and_path(told: Tell, history: Read) -> None:
    files = {
        "a/001.sql": HEADER + changeset("ann:1") + changeset("bob:1") + changeset("ann:2"),
        "b/001.sql": HEADER + changeset("ann:1") + changeset("ann:3"),
        "c.sql": HEADER + changeset("ann:1 logicalFilePath:old/path.sql") + changeset("ann:4"),
    }
    found = told(
        ledger(
            ("1", "ann", "db/changelog/b/001.sql", "EXECUTED"),
            ("1", "bob", "classpath:db/changelog/a/001.sql", "RERAN"),
            ("2", "ann", "./a/001.sql", "MARK_RAN"),
            ("3", "ann", "b/001.sql", "SKIPPED"),
            ("1", "ann", "old/path.sql", "EXECUTED"),
            ("4", "ann", "moved/d.sql", "EXECUTED"),
        ),
        history(files),
    )
    assert (found.tool, found.table) == ("Liquibase", "public.databasechangelog")
    assert found.applied == ["a/001.sql::bob:1", "a/001.sql::ann:2", "b/001.sql::ann:1", "c.sql::ann:1"]
    assert found.unknown == ["moved/d.sql::ann:4"]
    assert set(found.times) == {"2024-01-01 10:00:00"}


def test_a_changeset_that_failed(told: Tell, history: Read) -> None:
    found = told(ledger(("1", "ann", "a.sql", "FAILED")), history({"a.sql": HEADER + changeset("ann:1")}))
    assert (found.applied, list(found.failed)) == ([], ["a.sql::ann:1"])


def test_plain_sql_that_a_changelog_includes(told: Tell, history: Read) -> None:
    root = "databaseChangeLog:\n  - includeAll:\n      path: sql/\n"
    files = {"root.yaml": root, "sql/a.sql": "SELECT 1;", "sql/b.sql": HEADER + changeset("ann:1")}
    found = told(ledger(("raw", "includeAll", "db/sql/a.sql", "EXECUTED")), history(files))
    assert (found.applied, found.unknown) == (["sql/a.sql"], [])
