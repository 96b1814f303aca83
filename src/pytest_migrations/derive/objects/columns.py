"""Columns of relations and attributes of composite types.

Most commands on a column of a table go on to the tables that inherit from it, where the fact was perhaps another one.
So each table gets its own back, by ONLY.
"""

from __future__ import annotations

from pytest_migrations.derive.names import schema_of
from pytest_migrations.derive.objects.kind import (
    DROP,
    MAKE,
    PUT_BACK,
    Change,
    NotDerivableError,
    ObjectKind,
    Row,
    own_name,
    relation_of,
    relation_word,
)
from pytest_migrations.derive.objects.privileges import privileges
from pytest_migrations.derive.objects.sayings import cannot, comment, options
from pytest_migrations.derive.state import Back
from pytest_migrations.sql.grammar import quoted

#: The versions from which on a NOT NULL is a constraint with a name, and an identity goes on to partitions.
NAMED, _SHARED_IDENTITY = 18, 17


def _drop(name: str, row: Row) -> str:
    return f"ALTER {relation_word(row)} {relation_of(row)} DROP COLUMN {own_name(name, row)}"


def _alter(change: Change, clause: str, *, recurses: bool = True, place: int = PUT_BACK) -> list[Back]:
    only = "ONLY " if recurses and change.has_children else ""
    word, column = relation_word(change.after), own_name(change.name, change.after)
    return [Back(f"ALTER {word} {only}{change.relation} ALTER COLUMN {column} {clause}", place)]


def _default(change: Change) -> list[Back]:
    before = change.before["default"]
    return _alter(change, "DROP DEFAULT" if before is None else f"SET DEFAULT {before}")


def _not_null(change: Change) -> list[Back]:
    """From 18 on it is a constraint, which may have a name of its own.

    It comes and goes with that of the tables above, which therefore get theirs first. Primary keys want it to be there.
    """
    before = change.before
    if before["not null"] == change.after["not null"]:
        raise NotDerivableError(f"the NOT NULL of {change.name} is another one")
    alone = change.version < NAMED and not change.is_partitioned
    if not before["not null"]:
        if change.version < NAMED and change.is_partitioned and any(was["not null"] for was, _ in change.below):
            raise NotDerivableError(f"{change.name} is NOT NULL now as it was in some partitions, which would lose it")
        if change.version >= NAMED and change.after["inherited"] and not change.before["inherited"]:
            raise NotDerivableError(f"{change.name} keeps the NOT NULL of the new column above it for good")
        return _alter(change, "DROP NOT NULL", recurses=alone)
    said, name = own_name(change.name, change.after), before.get("not null constraint")
    if before.get("not null comment"):
        raise NotDerivableError(f"the NOT NULL of {change.name} had a comment")
    lost = [was for was, now in change.above if was["not null"] and not now["not null"]]
    if change.version >= NAMED and lost and not before["not null local"]:
        return _not_null_from_above(change, lost[-1])
    how = " NO INHERIT" if before.get("not null no inherit") else ""
    how += " NOT VALID" if before.get("not null not valid") else ""
    usual = f"{change.relation.removeprefix(schema_of(change.relation) + '.')}_{said}_not_null"
    if not how and (name is None or (name == usual and not change.has_children)):
        return _alter(change, "SET NOT NULL", recurses=alone, place=MAKE)
    named = f"CONSTRAINT {quoted(name)} " if name else ""
    return [Back(f"ALTER {relation_word(before)} {change.relation} ADD {named}NOT NULL {said}{how}", MAKE)]


def _not_null_from_above(change: Change, top: Row) -> list[Back]:
    """It comes with that of the tables above, by the name that it has there."""
    if change.before["not null constraint"] != top["not null constraint"]:
        raise NotDerivableError(f"the NOT NULL of {change.name} had another name than that of {relation_of(top)}")
    return []


def _identity(change: Change) -> list[Back]:
    before, after = change.before["identity"], change.after["identity"]
    if after is None:
        raise NotDerivableError(f"the sequence behind {change.name} is gone")
    if change.version >= _SHARED_IDENTITY and any(was["identity"] != now["identity"] for was, now in change.above):
        return []  # a partition has that of the partitioned table
    clause = "DROP IDENTITY" if before is None else f"SET GENERATED {before.upper()}"
    return _alter(change, clause, recurses=False, place=DROP)


def _statistics(change: Change) -> list[Back]:
    target = change.before["statistics target"]
    return _alter(change, f"SET STATISTICS {-1 if target is None else target}")


def _storage(change: Change) -> list[Back]:
    before = change.before["storage"]
    if before is None and change.version < 16:
        raise NotDerivableError(f"{change.name} was stored as its type says, which only PostgreSQL 16 can be told")
    return _alter(change, f"SET STORAGE {(before or 'default').upper()}")


def _compression(change: Change) -> list[Back]:
    return _alter(change, f"SET COMPRESSION {change.before['compression'] or 'default'}", recurses=False)


def _options(change: Change) -> list[Back]:
    clauses = options(change.before["options"], change.after["options"])
    return [back for clause in clauses for back in _alter(change, clause, recurses=False)]


_SAID = {
    "default": _default,
    "not null": _not_null,
    "not null constraint": _not_null,
    "not null local": _not_null,
    "not null no inherit": _not_null,
    "not null not valid": _not_null,
    "identity": _identity,
    "statistics target": _statistics,
    "storage": _storage,
    "compression": _compression,
    "options": _options,
    "comment": comment("COLUMN"),
    "type": cannot("the values of {name} were converted, and converting them back may lose some"),
    "collation": cannot("{name} has another collation"),
    "generated": cannot("the expression of {name} is gone"),
    "expression": cannot("the values of {name} were computed anew"),
}
COLUMN = ObjectKind(
    "COLUMN",
    {**_SAID, "privileges": privileges("TABLE", lambda name, row: (relation_of(row), own_name(name, row)))},
    drop=_drop,
)
ATTRIBUTE = ObjectKind(
    "ATTRIBUTE",
    {"comment": comment("COLUMN")},
    drop=lambda name, row: f"ALTER TYPE {relation_of(row)} DROP ATTRIBUTE {own_name(name, row)}",
)
