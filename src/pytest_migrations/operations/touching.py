"""Scripts that might write to the ledger, which is the runner's alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.effects import effects_of
from pytest_migrations.errors import UserError
from pytest_migrations.failure import Kept, MigrationError
from pytest_migrations.operations.ledger import LedgerTouchedError
from pytest_migrations.sql.grammar import nearest_statement, statements
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.migration import Migration, Script
    from pytest_migrations.operations.ledger import Ledger

#: Statements beside DDL that write to no table of themselves.
_TELLS = {"transaction_stmt", "vacuum_stmt"}


@contextmanager
def untouched(ledger: Ledger, migration: Migration, script: Script) -> Iterator[None]:
    """Run a script meanwhile.

    :raises UserError: where it has written to the ledger, or keeps us from it, before anything of that is kept.
    :raises MigrationError: where the server does not let us, as where somebody has locked the ledger.
    """
    try:
        ledger.watch(wanted=_may_touch(ledger, script))
        yield
    except LedgerTouchedError as error:
        raise UserError.at(
            script.start,
            f"{migration.name} was stopped: {error}",
            "What it had not committed itself was not kept. The ledger is the runner's alone: take what touches it out "
            "of the script. Where the script drops the schema that the ledger is in, put the ledger elsewhere: "
            "--ledger SCHEMA.TABLE",
        ) from error
    except psycopg.Error as error:
        last, remark = nearest_statement(script), f"behind it, at the ledger {ledger}"
        raise MigrationError.from_server(migration, last, error, Kept.NOTHING, remark=remark) from error


def _may_touch(ledger: Ledger, script: Script) -> bool:
    """Whether it names the ledger, is a program, writes rows, or runs what its statements do not tell."""
    written = script.written.casefold().replace('""', '"')
    if script.program is not None or any(part.casefold() in written for part in ledger.name):
        return True
    kinds = {statement.kind for statement in statements(script) if Trait.PLAIN_DDL not in statement.traits} - _TELLS
    return bool(kinds) and (kinds != {"alter_table_stmt"} or _calls_functions(script))


def _calls_functions(script: Script) -> bool:
    """Whether it may call others than PostgreSQL's own, as for the default of a column that it adds."""
    return any(effect.object.space == "routine" for effect in effects_of(script).effects)
