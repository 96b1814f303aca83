"""Reads a type from the catalog, with a query for each of its parts."""

from __future__ import annotations

from typing import Any

import psycopg

from pytest_migrations.rows.table import Type

_KINDS: dict[str, Any] = {"b": "base", "e": "enum", "d": "domain", "c": "composite", "r": "range", "m": "multirange"}
_TYPE = """
select format_type(oid, %(modifier)s), typtype, typname, typbasetype, typtypmod, typrelid, not typnotnull,
  case when typlen = -1 and typsubscript = 'array_subscript_handler'::regproc then typelem else 0 end,
  (select rngsubtype from pg_range where rngtypid = t.oid),
  (select rngtypid from pg_range where rngmultitypid = t.oid),
  array(select enumlabel::text from pg_enum where enumtypid = t.oid order by enumsortorder),
  array(select pg_get_expr(conbin, 0) from pg_constraint where contypid = t.oid and contype = 'c')
from pg_type t where oid = %(oid)s"""
_ATTRIBUTES = """
select attname, atttypid, atttypmod from pg_attribute
where attrelid = %s and attnum > 0 and not attisdropped order by attnum"""


def read_type(connection: psycopg.Connection[Any], oid: int, modifier: int = -1) -> Type:
    """The type with this OID; the search path has to be empty, so that names are those of any session."""
    found = connection.execute(_TYPE, {"oid": oid, "modifier": modifier}).fetchone()
    assert found is not None
    name, kind, base, made_from, made_from_modifier, relation, nullable, element, bounds, ranges, labels, checks = found
    part = element or bounds or ranges or made_from
    return Type(
        name,
        "array" if element else _KINDS[kind],
        base,
        modifier,
        labels=tuple(labels),
        element=read_type(connection, part, made_from_modifier if made_from else modifier) if part else None,
        attributes=tuple(
            (attribute, read_type(connection, *of)) for attribute, *of in connection.execute(_ATTRIBUTES, (relation,))
        ),
        checks=tuple(checks),
        nullable=nullable,
    )


def type_of_column(connection: psycopg.Connection[Any], table: str) -> Type:
    """The type of the only column of a table."""
    found = connection.execute(
        "select atttypid, atttypmod from pg_attribute where attrelid = %s::regclass and attnum = 1", (table,)
    ).fetchone()
    assert found is not None
    return read_type(connection, *found)
