"""Whether a foreign key can refer to what it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.effects import Key
    from pytest_migrations.validate.schema import Schema
    from pytest_migrations.validate.thing import Thing

#: For each type of a referenced column which other types may refer to it: those whose values PostgreSQL can compare by
#: the operator of its index, perhaps behind an implicit cast (ATAddForeignKeyConstraint). Tried out on a server.
_REFERRING = {
    "int2": "int4 int8",
    "int4": "int2 int8",
    "int8": "int2 int4",
    "numeric": "int2 int4 int8",
    "float4": "int2 int4 int8 numeric float8",
    "float8": "int2 int4 int8 numeric float4",
    "text": "varchar bpchar char name",
    "varchar": "text bpchar char name",
    "bpchar": "text varchar",
    "name": "text varchar bpchar",
    "uuid": "",
    "bool": "",
    "bytea": "",
    "date": "timestamp timestamptz",
    "timestamp": "date timestamptz",
    "timestamptz": "date timestamp",
    "time": "",
    "inet": "cidr",
    "cidr": "inet",
    "macaddr": "",
    "jsonb": "",
}


def can_refer(type_: str, referred: str) -> bool:
    """Whether a column of the one type can refer to one of the other; True where that is not known."""
    if type_ == referred or type_ not in _REFERRING or referred not in _REFERRING:
        return True
    return type_ in _REFERRING[referred].split()


def referred_columns(key: Key, table: Thing) -> tuple[str, ...]:
    """The columns that a foreign key refers to: those that it names, or the primary key of the table."""
    if key.referred:
        return key.referred
    return next((part.key.columns for part in _keys(table) if part.key and part.key.is_primary), ())


def unique_keys(columns: tuple[str, ...], table: Thing) -> list[Thing]:
    """The constraints and indexes that make these columns unique, in whatever order."""
    wanted = set(columns)
    return [part for part in _keys(table) if part.key and part.key.is_unique and set(part.key.columns) == wanted]


def of_column(column: Thing) -> list[Thing]:
    """The foreign keys that have the column, and those that refer to it, perhaps only by the key that has it."""
    keys = _keys(column.owner) if column.owner is not None else []
    named = [key for key in keys if key.key and column.named.path[-1] in key.key.columns]
    users = dict.fromkeys(user for thing in (column, *named) for user in thing.users)
    return [user for user in users if user.key is not None and user.key.refers is not None]


def may_have_others(table: Thing) -> bool:
    """Whether the table may have keys that are not known."""
    unclear = any(part.key and part.key.is_unique and not part.key.columns for part in _keys(table))
    return not table.is_certain or not table.is_known or table.has_hidden_parts or bool(table.parents) or unclear


def types_of(key: Key, columns: tuple[str, ...], schema: Schema) -> Iterator[tuple[str, str, str]]:
    """For each column of a foreign key: its type, the name and the type of the column that it refers to."""
    assert key.on is not None and key.refers is not None
    for name, referred in zip(key.columns, columns, strict=False):
        own = schema.find(Named("column", (*key.on.path, name)))
        other = schema.find(Named("column", (*key.refers.path, referred)))
        if own is not None and other is not None and own.is_certain and other.is_certain:
            yield own.type, referred, other.type


def _keys(table: Thing) -> list[Thing]:
    return [part for part in table.parts if part.key is not None]
