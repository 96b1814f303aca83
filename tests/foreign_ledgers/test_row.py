"""What stands in a ledger's row."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.foreign_ledgers import find
from pytest_migrations.foreign_ledgers.row import Row

if TYPE_CHECKING:
    import psycopg

NOON = datetime(2024, 1, 2, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1704196800", NOON),
        ("1704196800000", NOON),
        ("1704196800.5", NOON.replace(microsecond=500000)),
        ("2024-01-02 12:00:00", NOON),
        ("2024-01-02T12:00:00Z", NOON),
        ("2024-01-02T14:00:00+02", NOON),
        ("2024-01-02 06:30:00.000-05:30", NOON),
        ("2024-01-02 12:00:00.123456789 UTC", NOON.replace(microsecond=123456)),
        ("2024-13-02 12:00:00", None),
        ("Infinity", None),
        ("NaN", None),
        ("1e300", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_times(written: str | None, expected: datetime | None) -> None:
    assert Row({"at": written}).time("at") == expected


def test_numbers_and_truths() -> None:
    row = Row({"a": "-1", "b": "12", "c": "x", "d": None, "e": "true", "f": "false"})
    assert [row.number(column) for column in "abcdz"] == [-1, 12, 0, 0, 0]
    assert [row.says(column) for column in "efdz"] == [True, False, False, False]


@pytest.mark.parametrize("style", ["German", "SQL, DMY", "ISO, MDY"])
@pytest.mark.parametrize("column_type", ["timestamp", "timestamptz"])
def test_times_do_not_depend_on_the_session(connection: psycopg.Connection[Any], style: str, column_type: str) -> None:
    connection.execute(f"""
        SET timezone = 'Asia/Tokyo';
        CREATE TABLE goose_db_version (id int, version_id bigint, is_applied boolean, tstamp {column_type});
        INSERT INTO goose_db_version VALUES (1, 1, true, '2024-01-02 21:00'), (2, 2, true, 'infinity'),
            (3, 3, true, NULL), (4, 4, true, '0044-03-15 BC');
        SET datestyle = '{style}'""")
    (ledger,) = find(connection)
    assert [row.time("tstamp") for row in ledger.read(connection)] == [NOON, None, None, None]
