"""Tries a migration and its rollback on tables with rows in them, as they are in production."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.failure import MigrationError
from pytest_migrations.rows.losses.image import kept, read_image
from pytest_migrations.rows.scripts.touching import locked
from pytest_migrations.runner import CLEAN_SESSION, Ran, Runner
from pytest_migrations.sending import NeedsCommitsError
from pytest_migrations.timeline.on_rows.idle import IdleWatch
from pytest_migrations.timeline.on_rows.watch import RowsWatch
from pytest_migrations.timeline.proof import WithRows
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_migrations.migration import Migration, Statement
    from pytest_migrations.rows.table import Table
    from pytest_migrations.timeline.on_rows.supply import PutIn, Supply


def try_with_rows(connection: psycopg.Connection, supply: Supply, timeout: float | None) -> WithRows | None:
    """Try it in transactions of which nothing is kept; the database must be in the state before the migration.

    None when a statement of the migration cannot run inside a transaction.
    """
    while True:
        connection.execute(b"BEGIN")
        touched = set[int]()
        try:
            put_in = supply.put_in(connection)
            if not put_in.tables and not supply.may_touch_others:
                return WithRows(Ran(0, 0.0))
            tried = _try(connection, supply, put_in, timeout)
            if supply.may_touch_others and not tried.failure:
                touched = locked(connection)
        except NeedsCommitsError:
            return None
        finally:
            leave_transaction(connection)
        if not (
            supply.give_way(tried.failure)
            or (touched and supply.learn(connection, touched))
            or (tried.is_clean and supply.insist(tried.idle))
        ):
            return tried


def _try(connection: psycopg.Connection, supply: Supply, put_in: PutIn, timeout: float | None) -> WithRows:
    before = read_image(connection, columns := kept(put_in.tables))
    put_in = put_in.as_seen(before or {})
    idle = IdleWatch(connection, supply.migration.up, put_in.tables)
    runner = Runner(connection, timeout=timeout, before_statement=idle.before, after_statement=idle.after)
    tried = _run(runner.apply_inside, runner.rollback_inside, supply, put_in, idle)
    if not tried.is_clean:
        return tried
    is_same = read_image(connection, columns) == before
    return replace(tried, is_one_way=not is_same) if tried.rolled_back is None else replace(tried, is_same=is_same)


def look_closer(
    connection: psycopg.Connection,
    supply: Supply,
    *,
    inside: bool,
    timeout: float | None,
    guard: Callable[[], None] | None = None,
    without_triggers: bool = False,
) -> WithRows:
    """Try it once more and see which statement does what to the rows; if need be without the tables' triggers.

    With real commits, on a database that is thrown away afterwards, or ``inside`` a transaction of which nothing is
    kept.

    :raises NeedsCommitsError: when a statement of the migration cannot run inside.
    """
    connection.execute(b"BEGIN; " + CLEAN_SESSION)
    try:
        put_in = supply.put_in(connection)
        put_in = put_in.as_seen(read_image(connection, kept(put_in.tables)) or {})
        if not inside:
            connection.execute(b"COMMIT")
        if without_triggers:
            disable_triggers(connection, put_in.tables.values())
        watch = RowsWatch(connection, put_in.tables, supply.migration)
        idle = IdleWatch(connection, supply.migration.up, put_in.tables)

        def after(statement: Statement) -> None:
            idle.after(statement)
            watch.look(statement)

        runner = Runner(connection, timeout=timeout, guard=guard, before_statement=idle.before, after_statement=after)
        apply, roll_back = (runner.apply_inside, runner.rollback_inside) if inside else (runner.apply, runner.rollback)
        tried = _run(apply, roll_back, supply, put_in, idle)
        if not tried.is_clean:
            return tried
        if tried.rolled_back is None:
            return replace(tried, is_one_way=watch.takes_away())
        losses, culprits, are_moments = watch.found()
        return replace(tried, is_same=not losses, losses=losses, culprits=culprits, are_moments=are_moments)
    finally:
        leave_transaction(connection)


def disable_triggers(connection: psycopg.Connection, tables: Iterable[Table]) -> None:
    """Let no trigger of these tables run, where the user of the session may say so."""
    for table in tables:
        with suppress(psycopg.Error), connection.transaction():
            connection.execute(f"ALTER TABLE {table.name} DISABLE TRIGGER USER".encode())


def _run(
    apply: Callable[[Migration], Ran],
    roll_back: Callable[[Migration], Ran],
    supply: Supply,
    put_in: PutIn,
    idle: IdleWatch,
) -> WithRows:
    told = WithRows(Ran(0, 0.0), rows=put_in.rows, empty=put_in.empty, without_triggers=put_in.without_triggers)
    tried, migration = replace(told, has_hook=supply.put_more_in is not None), supply.migration
    try:
        applied = apply(migration)
    except MigrationError as error:
        return replace(tried, applied=error)
    tried = replace(tried, applied=applied, idle=idle.found)
    if migration.down is None:
        return tried
    try:
        return replace(tried, rolled_back=roll_back(migration))
    except MigrationError as error:
        return replace(tried, rolled_back=error)
