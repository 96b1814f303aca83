"""``explain``, as a user types it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.explanations import topics

if TYPE_CHECKING:
    from tests.commands import Cli


def test_a_code(cli: Cli) -> None:
    told = cli("explain", "23502")
    assert told.code == 0
    assert told.out.startswith("23502 not_null_violation (SQLSTATE)\n\nA column that may not be empty has no value")
    assert "Fails:\n\n    ALTER TABLE users ADD COLUMN email text NOT NULL;\n\nWorks:\n\n" in told.out
    assert max(map(len, told.out.splitlines())) <= 100
    assert cli("explain", "not_null_violation").out == told.out


def test_a_check(cli: Cli) -> None:
    told = cli("explain", "roundtrip")
    assert told.out.startswith(
        "roundtrip (check)\n\nAfter the rollback the schema is what it was before the migration."
    )
    assert "\n\n    -- pytest-migrations: skip roundtrip (why)\n" in told.out


def test_a_rule(cli: Cli) -> None:
    told = cli("explain", "created-twice")
    assert told.out.startswith("created-twice (rule)\n\nA statement creates an object that is there already")
    assert "\n\nFails:\n\n    -- 001_users.sql\n    CREATE TABLE users" in told.out
    assert "\n\nWorks:\n\n    -- 001_users.sql\n" in told.out
    assert "\n\nDo: Remove one of the two" in told.out


def test_the_list(cli: Cli) -> None:
    told = cli("explain")
    assert told.code == 0
    lines = told.out.splitlines()
    assert [line.split()[1] for line in lines] == ["name", *(each.name for each in topics())]
    assert not any(line.endswith(" ") for line in lines)


def test_what_nothing_is_called(cli: Cli) -> None:
    told = cli("explain", "rondtrip")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("Nothing is called 'rondtrip'. Did you mean roundtrip?")
