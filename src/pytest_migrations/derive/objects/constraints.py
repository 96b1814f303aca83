"""Constraints of tables and of domains, with the indexes that they stand on."""

from __future__ import annotations

import re

from pytest_migrations.derive.objects.hanging import enabled
from pytest_migrations.derive.objects.indexes import clustered, replica_identity
from pytest_migrations.derive.objects.kind import (
    DROP,
    MAKE,
    PUT_BACK,
    TAKE_IN,
    Change,
    NotDerivableError,
    ObjectKind,
    Row,
    beside,
    own_name,
    relation_of,
    relation_word,
)
from pytest_migrations.derive.objects.sayings import comment
from pytest_migrations.derive.state import Back

_DEFERRABLE = re.compile(r"( DEFERRABLE)?( INITIALLY DEFERRED)?( NOT ENFORCED)?$")


def _of(row: Row) -> str:
    """What is altered: a table or a domain."""
    if isinstance(row["parent"], str):
        return f"DOMAIN {relation_of(row)}"
    return f"{relation_word(row)} {relation_of(row)}"


def _add(name: str, row: Row) -> str:
    of = f"TABLE ONLY {relation_of(row)}" if row.get("only") else _of(row)
    return f"ALTER {of} ADD CONSTRAINT {own_name(name, row)} {row['definition']}"


def _drop(name: str, row: Row) -> str:
    return f"ALTER {_of(row)} DROP CONSTRAINT {own_name(name, row)}"


def _definition(change: Change) -> list[Back]:
    """A constraint that became valid is made anew; when a foreign key is looked at can be altered."""
    before, after = change.before["definition"], change.after["definition"]
    if change.before.get("inherited") or change.has_children:
        raise NotDerivableError(f"{change.name} is shared with the tables that inherit it")
    name = own_name(change.name, change.before)
    if _DEFERRABLE.sub("", before) == _DEFERRABLE.sub("", after) and "ENFORCED" not in before + after:
        timing = (_DEFERRABLE.search(before) or [""])[0]
        said = timing if "DEFERRABLE" in timing else f" NOT DEFERRABLE{timing}"
        return [Back(f"ALTER {_of(change.before)} ALTER CONSTRAINT {name}{said}", PUT_BACK)]
    again = [Back(_drop(change.name, change.after), DROP), Back(_add(change.name, change.before), MAKE)]
    is_said = change.before["comment"] is not None and "comment" not in change.fields
    return again + (comment("CONSTRAINT", name=_on)(change) if is_said else [])


def _on(name: str, row: Row) -> str:
    kind = "DOMAIN " if isinstance(row["parent"], str) else ""
    return f"{own_name(name, row)} ON {kind}{relation_of(row)}"


def _its_index(name: str, row: Row) -> str:
    return beside(relation_of(row), own_name(name, row))


def _triggers(change: Change) -> list[Back]:
    """Those that enforce a foreign key, which have no names; the others of the table are put back after them."""
    if change.before["triggers disabled"]:
        raise NotDerivableError(f"{change.name} was not enforced, since triggers were disabled")
    only = "ONLY " if change.has_children else ""
    kept = [
        Back(enabled("TRIGGER", name, was, only), TAKE_IN)
        for (kind, name), (was, now) in change.rows.items()
        if kind == "trigger" and relation_of(was) == change.relation and was["enabled"] == now["enabled"] != "origin"
    ]
    return [Back(f"ALTER TABLE {only}{change.relation} ENABLE TRIGGER ALL", MAKE), *kept]


def _partition(change: Change) -> list[Back]:
    """As with indexes."""
    if whole := change.after["index partition of"]:
        raise NotDerivableError(f"the index of {change.name} is part of {whole} now, and would go with it")
    whole, index = change.before["index partition of"], _its_index(change.name, change.before)
    return [Back(f"ALTER INDEX {whole} ATTACH PARTITION {index}", PUT_BACK)]


CONSTRAINT = ObjectKind(
    "CONSTRAINT",
    {
        "definition": _definition,
        "comment": comment("CONSTRAINT", name=_on),
        "index comment": comment("INDEX", "index comment", _its_index),
        "index partition of": _partition,
        "clustered": clustered,
        "replica identity": replica_identity,
        "triggers disabled": _triggers,
    },
    drop=_drop,
    make=_add,
    made_with=frozenset(("definition",)),
)
