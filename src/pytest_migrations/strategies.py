"""Strategies of hypothesis for the tables of a database, and rows for them: for tests of your own.

docs/rows.md shows how they are used. hypothesis comes with pytest-migrations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from hypothesis import reject
from hypothesis import strategies as st
from psycopg.rows import tuple_row

from pytest_migrations.rows.filling.filler import Filler
from pytest_migrations.rows.reading import read_tables, tables_of
from pytest_migrations.rows.recipes.numbering import ImpossibleError
from pytest_migrations.rows.sampling import Sampler, Values
from pytest_migrations.sql.grammar import quoted
from pytest_migrations.timeline.positions import read_positions, restore_positions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import DrawFn, SearchStrategy

    from pytest_migrations.rows.table import Table


def tables(connection: psycopg.Connection[Any]) -> SearchStrategy[str]:
    """The names of the tables, as ``rows`` and ``fill`` take them: "public.users"; not of those without partitions.

    :raises ValueError: where there is none.
    """
    found = [table for table in tables_of(connection).values() if not table.cannot]
    if not found:
        raise ValueError("the database has no table that can hold rows")
    return st.sampled_from(sorted(table.name for table in found))


def rows(connection: psycopg.Connection[Any], table: str) -> SearchStrategy[Values]:
    """Rows that the table takes as it is when they are drawn, as values for psycopg by the names of its columns.

    Foreign keys refer to rows that are there when this is called. Left out are generated columns, and those that count
    by themselves (identity, serial). Each row is tried on the server, in a savepoint: CHECKs, unique keys and triggers
    are the table's own. Sequences that this has moved are put back.

    :raises ValueError: where there is no such table, or no row of it can be told.
    """
    with connection.transaction():
        wanted, found = _with_targets(connection, table)
        try:
            sampler = Sampler(connection, wanted, found)
            samples = sampler.samples()
        except ImpossibleError as error:
            raise ValueError(f"no row of {wanted.shown} can be told: {error}") from None
    return _rows(connection, sampler, samples)


@st.composite
def _rows(
    draw: DrawFn, connection: psycopg.Connection[Any], sampler: Sampler, samples: SearchStrategy[Values] | None
) -> Values:
    row: Values = {}
    for part in sampler.parts:
        row |= draw(part)
    if samples is not None and not _is_taken(connection, sampler.table, row):
        row |= draw(samples)
    if not _is_taken(connection, sampler.table, row):
        reject()
    return row


def fill(connection: psycopg.Connection[Any], table: str, n: int, *, seed: int = 0) -> int:
    """Put ``n`` rows into the table, and into those that it refers to; how many the table has got.

    They are fewer where it cannot hold so many (a key of an enum). The same ``seed`` gives the same rows. Runs in the
    transaction that the connection is in, or in one of its own.

    :raises ValueError: where there is no such table, or it takes no row, with the reason.
    """
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"{n!r} rows cannot be put into a table")
    if not isinstance(seed, int):
        raise ValueError(f"{seed!r} is no seed: a number is")  # noqa: TRY004 (as for all that cannot be meant)
    with connection.transaction():
        wanted, found = _with_targets(connection, table)
        filled = Filler(n).fill(connection, found, seed=seed)
        if wanted.oid in filled.empty:
            raise ValueError(f"{wanted.shown} takes no row: {filled.empty[wanted.oid]}")
    return filled.rows.get(wanted.oid, 0)


def _with_targets(connection: psycopg.Connection[Any], table: str) -> tuple[Table, dict[int, Table]]:
    """A table, whose name is as SQL or the catalog writes it, and all that its rows refer to."""
    cursor = connection.cursor(row_factory=tuple_row)
    try:
        ((oid,),) = cursor.execute(_OID, [table, table]).fetchall()
    except (psycopg.errors.SyntaxError, psycopg.errors.InvalidName, psycopg.errors.FeatureNotSupported):
        raise ValueError(f"there is no table {table!r}") from None
    found, _ = read_tables(connection, oids=[oid] if oid else [])
    if oid not in found:
        raise ValueError(f"there is no table {table!r}")
    return found[oid], found


_OID = """
SELECT coalesce(pg_catalog.to_regclass(%s), pg_catalog.to_regclass(pg_catalog.quote_ident(%s)))
    ::pg_catalog.oid::pg_catalog.int8
"""


_REFUSALS = (psycopg.IntegrityError, psycopg.DataError, psycopg.errors.RaiseException)


def _is_taken(connection: psycopg.Connection[Any], table: Table, row: Mapping[str, Any]) -> bool:
    names, values = ", ".join(map(quoted, row)), ", ".join(["%s"] * len(row))
    insert = f"INSERT INTO {_sent(table.name)} " + (f"({_sent(names)}) VALUES ({values})" if row else "DEFAULT VALUES")  # noqa: S608 (quoted)
    may_count = table.has_triggers or any(column.has_default for column in table.columns)
    with connection.transaction():
        positions = read_positions(connection) if may_count else {}
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(insert.encode(), [*row.values()])
                connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except psycopg.DatabaseError as error:
            if isinstance(error, _REFUSALS) or type(error) is psycopg.DatabaseError:  # a trigger's own SQLSTATE
                return False
            raise
        finally:
            restore_positions(connection, positions)
    return True


def _sent(names: str) -> str:
    """As it is written where values come along, which are marked by a %."""
    return names.replace("%", "%%")
