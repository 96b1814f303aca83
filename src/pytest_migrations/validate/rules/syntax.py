"""A script that is no SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import effects_of
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.psql import only_in_psql
from pytest_migrations.validate.finding import Finding, Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.migration import Migration, Script
    from pytest_migrations.validate.story import Story


_NOTHING_ELSE = "Nothing else in this script was looked at."


def _find(story: Story) -> Iterator[Finding]:
    for migration in story.history:
        for script in migration.scripts:
            yield from _of_psql(migration, script)
            for mistake in effects_of(script).mistakes:
                if mistake.statement is None and any(map(only_in_psql, statements(script))):
                    continue
                yield Finding(
                    SYNTAX.id,
                    SYNTAX.severity,
                    migration.name,
                    mistake.message,
                    _NOTHING_ELSE if mistake.statement is None else SYNTAX.remedy,
                    mistake.place,
                    statement=mistake.statement or 0,
                    in_rollback=script is not migration.up,
                )


def _of_psql(migration: Migration, script: Script) -> Iterator[Finding]:
    """What is refused before anything of the script runs."""
    for number, statement in enumerate(statements(script)):
        if found := only_in_psql(statement):
            yield Finding(
                SYNTAX.id,
                SYNTAX.severity,
                migration.name,
                found.message,
                found.advice if statement.kind else f"{found.advice} {_NOTHING_ELSE}",
                script.place(statement.offset + found.offset),
                statement=number,
                in_rollback=script is not migration.up,
            )


SYNTAX = Rule(
    id="syntax",
    name="syntax error",
    severity=Severity.ERROR,
    what="PostgreSQL's own grammar does not understand the script, or a body in it, or only psql could run it.",
    why="The server refuses the whole script, or the statement, and the migration fails.",
    remedy="Correct it at the caret. What only psql understands (\\i, \\set) is no SQL either.",
    bad={"001_users.sql": "CREATE TABLE users (\n    id bigint PRIMARY KEY,\n    name text NOT NUL\n);\n"},
    good={"001_users.sql": "CREATE TABLE users (\n    id bigint PRIMARY KEY,\n    name text NOT NULL\n);\n"},
    find=_find,
)
