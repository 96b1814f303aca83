"""Tools that keep one row, the version that was reached: golang-migrate and tern."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History
    from tests.foreign_ledgers.conftest import Told

    Tell = Callable[[str, History], Told]
    Read = Callable[..., History]

PAIRS = {f"{number}_m.up.sql": "SELECT 1;" for number in (1, 2, 4, 10)}
GOLANG = "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("", ([], [], [])),
        ("(4, false)", (["1_m.up.sql", "2_m.up.sql", "4_m.up.sql"], [], [])),
        ("(4, true)", (["1_m.up.sql", "2_m.up.sql"], ["4_m.up.sql"], [])),
        ("(3, false)", (["1_m.up.sql", "2_m.up.sql"], [], ["version 3"])),
        ("(12, true)", ([*PAIRS], [], ["version 12 (not finished)"])),
        ("(-1, true)", ([], ["1_m.up.sql"], [])),
    ],
)
def test_golang_migrate(told: Tell, history: Read, row: str, expected: tuple[list[str], list[str], list[str]]) -> None:
    rows = f"INSERT INTO schema_migrations VALUES {row}" if row else ""
    found = told(GOLANG + rows, history(PAIRS))
    assert found.tool == "golang-migrate"
    assert (found.applied, list(found.failed), found.unknown) == expected
    assert all("(dirty, " in why for why in found.failed.values())


@pytest.mark.parametrize(
    ("version", "applied", "unknown"),
    [(0, [], []), (2, ["001_a.sql", "002_b.sql"], []), (4, ["001_a.sql", "002_b.sql", "003_c.sql"], ["version 4"])],
)
def test_tern(told: Tell, history: Read, version: int, applied: list[str], unknown: list[str]) -> None:
    ledger = f"CREATE TABLE schema_version (version int4 NOT NULL); INSERT INTO schema_version VALUES ({version})"
    script = "CREATE TABLE a ();\n---- create above / drop below ----\nDROP TABLE a;\n"
    found = told(ledger, history(dict.fromkeys(("001_a.sql", "002_b.sql", "003_c.sql"), script)))
    assert (found.tool, found.applied, found.unknown) == ("tern", applied, unknown)
