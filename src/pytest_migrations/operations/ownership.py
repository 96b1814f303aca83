"""Whose database it is: one that another tool migrates, or another ledger of ours knows, is not for us to migrate."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError
from pytest_migrations.foreign_ledgers import refusal, survey
from pytest_migrations.operations.entry import checksum
from pytest_migrations.operations.ledger import COLUMNS, Ledger, quoted
from pytest_migrations.operations.target import LEDGER_SCHEMA, LEDGER_TABLE

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import History
    from pytest_migrations.operations.target import Target


@dataclass(frozen=True)
class OtherLedger:
    """A ledger of ours under another name, by which migrations of the folder are applied."""

    #: As --ledger takes it.
    name: str
    #: What it says, in one sentence.
    text: str


def make_sure_that_it_is_ours(
    connection: psycopg.Connection[Any], target: Target, history: History, *, has_ledger: bool
) -> None:
    """Raises UserError where there is no ledger of ours, and another one tells of the folder's migrations.

    One that the user has named may be begun beside others of ours: a folder may be for several schemas.
    """
    if has_ledger:
        return
    if refused := refusal(survey(connection, history)):
        raise refused
    if not target.is_ledger_named and (others := other_ledgers(connection, history)):
        they_say = "\n".join(other.text for other in others)
        raise UserError(
            f"{they_say}\nNothing was changed. Go on with it: --ledger {quote(others[0].name)}, or as ledger in "
            "[tool.pytest-migrations] of pyproject.toml. If the migrations are to be applied here once more, say so by "
            f"naming the new ledger: --ledger {quote('.'.join(map(quoted, target.ledger)))}"
        )


def other_ledgers(connection: psycopg.Connection[Any], history: History) -> list[OtherLedger]:
    """Where there is no ledger of ours yet: the others, except those that each schema of a DSN has for itself."""
    ours = {checksum(migration) for migration in history}
    found = []
    for schema, table, is_readable in connection.execute(
        _QUERY, {"columns": list(COLUMNS), "schema": LEDGER_SCHEMA, "table": LEDGER_TABLE}
    ).fetchall():
        name = f"{quoted(schema)}.{quoted(table)}"
        if not is_readable:
            user = connection.info.user
            found.append(OtherLedger(name, f"{name} is a ledger of pytest-migrations, too, which {user} may not read."))
            continue
        entries = Ledger(connection, (schema, table)).entries().values()
        applied = sum(entry.is_in_database and entry.checksum in ours for entry in entries)
        if applied:
            has = f"this database has {applied} of the {len(history)} migrations"
            found.append(OtherLedger(name, f"By another ledger of pytest-migrations, {name}, {has}."))
    return found


_QUERY = """
SELECT n.nspname::text, c.relname::text,
       has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = ANY (%(columns)s) AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p')
  AND NOT (n.nspname = %(schema)s AND (c.relname = %(table)s OR starts_with(c.relname, %(table)s || '_')))
GROUP BY n.oid, n.nspname, c.oid, c.relname HAVING count(*) = cardinality(%(columns)s)
ORDER BY n.nspname, c.relname
"""
