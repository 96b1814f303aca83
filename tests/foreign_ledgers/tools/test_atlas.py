"""Atlas's revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History
    from tests.foreign_ledgers.conftest import Told

    Tell = Callable[[str, History], Told]
    Read = Callable[..., History]

LEDGER = """
CREATE SCHEMA atlas_schema_revisions;
CREATE TABLE atlas_schema_revisions.atlas_schema_revisions (version varchar PRIMARY KEY, description varchar NOT NULL,
    type bigint NOT NULL DEFAULT 2, applied bigint NOT NULL DEFAULT 0, total bigint NOT NULL DEFAULT 0,
    executed_at timestamptz NOT NULL, execution_time bigint NOT NULL, error text, error_stmt text,
    hash varchar NOT NULL, partial_hashes jsonb, operator_version varchar NOT NULL);
INSERT INTO atlas_schema_revisions.atlas_schema_revisions
SELECT version, description, type, done, total, '2024-01-01', 1, error, NULL, '', NULL, 'Atlas CLI' FROM (VALUES
    ('.atlas_cloud_identifier', 'b0c1', 2, 0, 0, NULL),
"""
FILES = {f"2024010{day}_m.sql": "SELECT 1;" for day in range(1, 6)} | {"atlas.sum": ""}
NAMES = [*FILES][:5]


def ledger(rows: str) -> str:
    return f"{LEDGER}{rows}) AS t (version, description, type, done, total, error)"


def test_a_revision_is_done_when_all_its_statements_are(told: Tell, history: Read) -> None:
    rows = """
        ('20240101', 'm', 2, 2, 2, NULL), ('20240102', 'm', 2, 1, 3, 'ERROR: boom'), ('20240103', 'm', 4, 0, 0, NULL),
        ('20240104', 'm', 6, 1, 2, 'ERROR: boom'), ('20230101', 'gone', 2, 1, 1, NULL)"""
    found = told(ledger(rows), history(FILES, "atlas"))
    assert (found.tool, found.applied) == ("Atlas", [NAMES[0], NAMES[2], NAMES[3]])
    assert list(found.failed) == [NAMES[1]]
    assert found.failed[NAMES[1]] == "Atlas has done 1 of its 3 statements: ERROR: boom"
    assert found.unknown == ["20230101_gone"]


def test_a_baseline_stands_for_all_up_to_it(told: Tell, history: Read) -> None:
    rows = "('20240102', 'm', 1, 0, 0, NULL), ('20240103', 'm', 2, 1, 1, NULL)"
    assert told(ledger(rows), history(FILES, "atlas")).applied == NAMES[:3]


def test_the_files_before_a_checkpoint(told: Tell, history: Read) -> None:
    files = {**FILES, "20240104a_checkpoint.sql": "-- atlas:checkpoint\n\nSELECT 1;"}
    rows = ", ".join(f"('2024010{day}', 'm', 2, 1, 1, NULL)" for day in range(1, 6))
    found = told(ledger(rows), history(files, "atlas"))
    assert (found.applied, found.unknown) == (["20240104a_checkpoint.sql", NAMES[4]], [])


def test_folders_of_other_tools(told: Tell, history: Read) -> None:
    files = {f"0000{number}_m.sql": "-- +goose Up\nSELECT 1;\n" for number in (1, 2, 3)}
    rows = "('00001', 'm', 1, 0, 0, NULL), ('00002', 'm', 2, 1, 1, NULL)"
    found = told(ledger(rows), history(files, "goose"))
    assert (found.applied, found.unknown) == (["00001_m.sql", "00002_m.sql"], [])
