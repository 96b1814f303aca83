"""Runs the scripts of a migration and sees after which statement an object is no longer what it was."""

from __future__ import annotations

import re
from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING

import psycopg
from psycopg.pq import TransactionStatus

from pytest_migrations.catalog.snapshot import take_snapshot
from pytest_migrations.errors import UserError
from pytest_migrations.runner import Runner
from pytest_migrations.sending import NeedsCommitsError
from pytest_migrations.sql.grammar import statements
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_migrations.catalog.objects import CatalogObject, Key
    from pytest_migrations.migration import Migration, Script, Statement

#: By object the last statement that changed it, of those facts about it that were to be watched.
Changes = dict["Key", "Statement"]

#: A snapshot after each statement of a longer script would take seconds: it is then taken after every few.
_MOST_SNAPSHOTS = 100


class Watch:
    """Runs scripts on a connection, with an eye on certain facts.

    ``facts`` are the objects to watch, and which of their fields; without one it is whether the object is there.
    ``cluster`` says that they may be of the whole cluster.
    """

    def __init__(
        self, connection: psycopg.Connection, facts: Mapping[Key, Sequence[str]], *, cluster: bool = False
    ) -> None:
        self._connection = connection
        self._facts = facts
        self._cluster = cluster

    def apply(self, migration: Migration) -> Changes:
        """Apply a migration for good.

        :raises MigrationError: when it fails.
        """
        changes: Changes = {}
        self._during(migration.up, lambda runner: runner.apply(migration), changes)
        return changes

    def roll_back(self, migration: Migration) -> tuple[Changes, bool]:
        """Roll a migration back, and whether nothing of it was kept: for good only where no transaction can hold it."""
        assert migration.down is not None
        changes: Changes = {}
        self._connection.execute(b"BEGIN")
        try:
            with suppress(UserError, psycopg.Error):
                self._during(migration.down, lambda runner: runner.rollback_inside(migration), changes)
        except NeedsCommitsError:
            pass
        else:
            return changes, True
        finally:
            leave_transaction(self._connection)
        with suppress(UserError, psycopg.Error):
            self._during(migration.down, lambda runner: runner.rollback(migration), changes)
        return changes, False

    def _during(self, script: Script, run: Callable[[Runner], object], changes: Changes) -> None:
        """Run a script; of one that fails, ``changes`` has what was seen as far as it came."""
        every = ceil(len(statements(script)) / _MOST_SNAPSHOTS) or 1
        taken = 0
        unseen: list[Statement] = []
        last = begun = take_snapshot(self._connection, cluster=self._cluster)

        def look() -> None:
            nonlocal last, begun, taken
            taken += 1
            now = take_snapshot(self._connection, cluster=self._cluster, since=begun)
            for before, after in last.differing_pages(now):
                for key, fields in self._facts.items():
                    if _facts_of(before, key, fields) != _facts_of(after, key, fields):
                        changes[key] = _naming(unseen, key)
            last = now
            unseen.clear()
            if self._connection.info.transaction_status == TransactionStatus.IDLE:
                begun = now

        def after_statement(statement: Statement) -> None:
            unseen.append(statement)
            if len(unseen) >= every * 2 ** (taken // _MOST_SNAPSHOTS):  # of a program nobody knows how long it is
                look()

        run(Runner(self._connection, after_statement=after_statement))
        if unseen:
            look()


def _facts_of(objects: Mapping[Key, CatalogObject], key: Key, fields: Sequence[str]) -> list[str | None] | None:
    if key not in objects:
        return None
    return [objects[key].fields.get(name) for name in fields]


def _naming(commands: Sequence[Statement], key: Key) -> Statement:
    """Of the statements since the last look, the last one that names the object, or else the first."""
    words = re.findall(r"[^\W\d]\w*", key.name.partition(" on ")[0])
    named = [statement for statement in commands if any(word in statement.text for word in words[-1:])]
    return named[-1] if named and len(commands) > 1 else commands[0]
