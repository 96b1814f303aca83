"""Which tables a migration touches: those that its scripts name, and those that the server has seen it lock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_migrations.foreign_ledgers.finding import find
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Collection

    import psycopg

    from pytest_migrations.migration import Migration, Statement

_WORD = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')
#: Of these no table is touched that is not named, unless they cascade.
_PLAIN = {
    "comment_stmt",
    "composite_type_stmt",
    "create_domain_stmt",
    "create_enum_stmt",
    "create_function_stmt",
    "create_policy_stmt",
    "create_schema_stmt",
    "create_seq_stmt",
    "create_stmt",
    "create_trig_stmt",
    "alter_seq_stmt",
    "alter_enum_stmt",
    "alter_table_stmt",
    "drop_stmt",
    "grant_stmt",
    "index_stmt",
    "reindex_stmt",
    "rename_stmt",
    "transaction_stmt",
    "vacuum_stmt",
    "variable_set_stmt",
    "view_stmt",
}
#: A column's new type is also that of the columns that refer to it.
_REACHES_FURTHER = re.compile(r"\bcascade\b|\btype\b", re.IGNORECASE)
_LOCKED = b"""
SELECT DISTINCT relation::pg_catalog.int8 FROM pg_catalog.pg_locks
WHERE locktype = 'relation' AND pid = pg_catalog.pg_backend_pid() AND relation >= 16384
"""
#: Of a composite type the tables that have it in a column: to change it changes their rows, without a lock on them.
_TABLES = """
WITH RECURSIVE given(oid) AS (
  SELECT pg_catalog.unnest(%s::pg_catalog.oid[])
), types(oid) AS (
  SELECT t.oid FROM given JOIN pg_catalog.pg_class c USING (oid) JOIN pg_catalog.pg_type t ON t.oid = c.reltype
  WHERE c.relkind = 'c'
UNION
  SELECT made.oid FROM types JOIN pg_catalog.pg_type t USING (oid)
    JOIN pg_catalog.pg_type made ON made.oid = t.typarray OR made.typbasetype = t.oid
)
SELECT c.oid::pg_catalog.int8 FROM pg_catalog.pg_class c
WHERE c.oid IN (
    SELECT oid FROM given
  UNION ALL
    SELECT d.objid FROM types t JOIN pg_catalog.pg_depend d ON d.refobjid = t.oid
    WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
      AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
) AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
"""


def named_in(migration: Migration) -> set[str]:
    """All words of the scripts that could be the name of a table; what stands in comments between is none."""
    texts = (
        [script.written] if script.program else [statement.text for statement in statements(script)]
        for script in migration.scripts
    )
    return set[str]().union(*(words_in(text) for each in texts for text in each))


def words_in(text: str) -> set[str]:
    """All words of a text that could be the name of a table."""
    words: set[str] = set()
    for quoted, word in _WORD.findall(text):
        words |= {quoted.replace('""', '"'), *_WORD_IN_TEXT.findall(quoted)} if quoted else {word, word.lower()}
    return words


#: A program may hold SQL within its quotes.
_WORD_IN_TEXT = re.compile(r"[^\W\d][\w$]*")


def may_touch_others(migration: Migration) -> bool:
    """Whether it can touch tables that it does not name: by code, by triggers, by what depends on what it changes."""
    return any(
        script.program is not None or any(reaches_further(statement) for statement in statements(script))
        for script in migration.scripts
    )


def reaches_further(statement: Statement) -> bool:
    """The same of a statement."""
    return statement.kind not in _PLAIN or (
        statement.kind in ("drop_stmt", "alter_table_stmt") and bool(_REACHES_FURTHER.search(statement.text))
    )


def locked(connection: psycopg.Connection[Any]) -> set[int]:
    """The OIDs of what the open transaction has touched so far: it keeps a lock on each to its end."""
    return {oid for (oid,) in connection.execute(_LOCKED)}


def ledgers(connection: psycopg.Connection[Any]) -> set[int]:
    """The OIDs of the tables in which migration tools keep their records; a row of ours would be one of these."""
    names = [ledger.table for ledger in find(connection)]
    asked = (
        "SELECT pg_catalog.to_regclass(name)::pg_catalog.oid::pg_catalog.int8 FROM pg_catalog.unnest(%s::text[]) name"
    )
    return {oid for (oid,) in connection.execute(asked, [names])} if names else set()


def tables_among(connection: psycopg.Connection[Any], oids: Collection[int]) -> set[int]:
    """Those of the objects that are tables now, and the tables that have them as the type of a column."""
    return {oid for (oid,) in connection.execute(_TABLES, [list(oids)])} if oids else set()
