"""Flyway's history of all that it has done."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History
    from tests.foreign_ledgers.conftest import Told

    Tell = Callable[[str, History], Told]
    Read = Callable[..., History]

LEDGER = """
CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50),
    description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL, checksum int,
    installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(), execution_time int,
    success boolean NOT NULL);
"""
FILES = {f"V{number}__m.sql": f"CREATE TABLE t{number} ();\n" for number in ("1", "1.1", "2", "3")}


def crc32(text: str) -> int:
    """As Java has it: signed."""
    value = zlib.crc32(re.sub(r"\r\n|\n", "", text).encode())
    return value - 2**32 if value >= 2**31 else value


def row(rank: int, version: str | None, kind: str = "SQL", **more: object) -> str:
    values = {"description": "m", "script": f"V{version}__m.sql", "checksum": None, "success": True, **more}
    in_order = (
        rank,
        version,
        values["description"],
        kind,
        values["script"],
        values["checksum"],
        "app",
        "2024-01-01",
        5,
    )
    written = ("NULL" if value is None else f"'{value}'" for value in (*in_order, values["success"]))
    return f"INSERT INTO flyway_schema_history VALUES ({', '.join(written)});"


def test_versions_are_compared_as_numbers(told: Tell, history: Read) -> None:
    found = told(LEDGER + row(1, "1.0") + row(2, "1_1") + row(3, "03") + row(4, "4"), history(FILES))
    assert (found.tool, found.table) == ("Flyway", "public.flyway_schema_history")
    assert found.applied == ["V1__m.sql", "V1.1__m.sql", "V3__m.sql"]
    assert (found.unknown, set(found.times)) == (["V4__m.sql"], {"2024-01-01 00:00:00"})


def test_a_failure_stays_until_it_is_repaired(told: Tell, history: Read) -> None:
    found = told(LEDGER + row(1, "1") + row(2, "1.1", success=False), history(FILES))
    assert (found.applied, list(found.failed)) == (["V1__m.sql"], ["V1.1__m.sql"])
    assert "flyway repair" in found.failed["V1.1__m.sql"]


def test_what_was_undone_is_pending(told: Tell, history: Read) -> None:
    rows = [row(1, "1"), row(2, "2"), row(3, "2", "UNDO_SQL"), row(4, "3"), row(5, "3", "UNDO_SQL"), row(6, "3")]
    rows.reverse()
    assert told(LEDGER + "".join(rows), history(FILES)).applied == ["V1__m.sql", "V3__m.sql"]


def test_a_failed_undo_leaves_a_doubt(told: Tell, history: Read) -> None:
    found = told(LEDGER + row(1, "1") + row(2, "1", "UNDO_SQL", success=False), history(FILES))
    assert (found.applied, list(found.failed)) == ([], ["V1__m.sql"])


def test_what_repair_has_deleted_is_forgotten(told: Tell, history: Read) -> None:
    found = told(LEDGER + row(1, "1") + row(2, "9") + row(3, "9", "DELETE") + row(4, "1", "DELETE"), history(FILES))
    assert (found.applied, found.unknown) == ([], [])


def test_a_baseline_stands_for_all_up_to_it(told: Tell, history: Read) -> None:
    rows = [
        row(0, None, "SCHEMA", script='"public"'),
        row(1, "1.1", "BASELINE", script="<< Flyway Baseline >>"),
        row(2, "3"),
    ]
    found = told(LEDGER + "".join(rows), history(FILES))
    assert (found.applied, found.unknown) == (["V1__m.sql", "V1.1__m.sql", "V3__m.sql"], [])


def test_what_was_in_the_files(told: Tell, history: Read) -> None:
    files = {**FILES, "V2__m.sql": "CREATE TABLE t2 ();\r\n-- written on Windows\r\n"}
    rows = [
        row(1, "1", checksum=crc32(files["V1__m.sql"])),
        row(2, "1.1", checksum=crc32("CREATE TABLE another ();\n")),
        row(3, "2", checksum=crc32(files["V2__m.sql"].replace("\r\n", "\n"))),
    ]
    assert told(LEDGER + "".join(rows), history(files)).changed == ["V1.1__m.sql"]


def test_the_last_run_of_a_repeatable_migration_counts(told: Tell, history: Read) -> None:
    files = {**FILES, "R__a_view.sql": "SELECT '${x}';\n", "R__new.sql": "", "R__other.sql": "SELECT 1;\n"}
    files["flyway.conf"] = "flyway.placeholders.x=y\n"

    def run(rank: int, name: str, text: str) -> str:
        return row(rank, None, description=name, script=f"R__{name}.sql", checksum=crc32(text))

    rows = [run(1, "a view", "SELECT 'old';\n"), run(2, "a view", "SELECT 'y';\n"), run(3, "other", "SELECT 2;\n")]
    found = told(LEDGER + "".join(rows), history(files))
    assert (found.applied, found.changed) == (["R__a_view.sql", "R__other.sql"], ["R__other.sql"])


@pytest.mark.parametrize(
    ("rows", "applied", "failed"),
    [
        (["1", "2", "3", "4"], ["B3__all.sql", "V4__m.sql"], []),
        (["1", "2"], [], ["B3__all.sql"]),
        (["1", "2!", "3"], [], ["B3__all.sql"]),
        ([], [], []),
    ],
)
def test_the_versions_that_a_baseline_script_stands_for(
    told: Tell, history: Read, rows: list[str], applied: list[str], failed: list[str]
) -> None:
    files = {f"V{number}__m.sql": "SELECT 1;" for number in (1, 2, 3, 4)} | {"B3__all.sql": "SELECT 1;"}
    made = [row(rank, version.strip("!"), success="!" not in version) for rank, version in enumerate(rows)]
    found = told(LEDGER + "".join(made), history(files))
    assert (found.applied, list(found.failed), found.unknown) == (applied, failed, [])


@pytest.mark.parametrize("another_since", [False, True])
def test_a_baseline_script_that_ran(told: Tell, history: Read, another_since: bool) -> None:
    files = {"V1__m.sql": "SELECT 1;", "B3__all.sql": "SELECT 1;", "V4__m.sql": "SELECT 1;"}
    if another_since:
        files["B4__all.sql"] = "SELECT 1;"
    found = told(LEDGER + row(1, "3", "SQL_BASELINE") + row(2, "4"), history(files))
    assert (found.applied, found.unknown) == (["B4__all.sql"] if another_since else ["B3__all.sql", "V4__m.sql"], [])


def test_a_table_of_another_name_in_another_schema(told: Tell, history: Read) -> None:
    ledger = (
        "CREATE SCHEMA app; SET search_path = app;" + LEDGER + row(1, "1") + row(2, "8", "JDBC", script="db.V8__Code")
    )
    ledger += 'ALTER TABLE flyway_schema_history RENAME TO "My ""history"""; SET search_path = public'
    found = told(ledger, history(FILES))
    assert (found.table, found.applied, found.unknown) == ('app."My ""history"""', ["V1__m.sql"], ["db.V8__Code"])
