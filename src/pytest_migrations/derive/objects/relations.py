"""Tables, views, materialized views and sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.derive.objects.kind import (
    DROP,
    LET_GO,
    MAKE,
    PUT_BACK,
    TAKE_IN,
    NotDerivableError,
    ObjectKind,
)
from pytest_migrations.derive.objects.privileges import privileges
from pytest_migrations.derive.objects.sayings import comment, owner, storage_options
from pytest_migrations.derive.state import Back

if TYPE_CHECKING:
    from pytest_migrations.derive.objects.kind import Change, PutBack, Row


def _logged(word: str) -> PutBack:
    def put_back(change: Change) -> list[Back]:
        return [Back(f"ALTER {word} {change.name} SET {'UN' if change.before['unlogged'] else ''}LOGGED", PUT_BACK)]

    return put_back


def _row_security(change: Change) -> list[Back]:
    now = "ENABLE" if change.before["row security"] else "DISABLE"
    return [Back(f"ALTER TABLE {change.name} {now} ROW LEVEL SECURITY", PUT_BACK)]


def _forced_row_security(change: Change) -> list[Back]:
    now = "FORCE" if change.before["row security forced"] else "NO FORCE"
    return [Back(f"ALTER TABLE {change.name} {now} ROW LEVEL SECURITY", PUT_BACK)]


def _replica_identity(change: Change) -> list[Back]:
    before = change.before["replica identity"]
    if before not in (None, "nothing", "full"):
        raise NotDerivableError(f"the replica identity of {change.name} was {before}")
    return [Back(f"ALTER TABLE {change.name} REPLICA IDENTITY {(before or 'default').upper()}", PUT_BACK)]


def _access_method(change: Change) -> list[Back]:
    before = change.before["access method"]
    if before is None:
        raise NotDerivableError(f"{change.name} had no access method of its own")
    return [Back(f"ALTER TABLE {change.name} SET ACCESS METHOD {before}", PUT_BACK)]


def _partition(change: Change) -> list[Back]:
    before, after = change.before["partition of"], change.after["partition of"]
    if before == after or (before and after):
        raise NotDerivableError(f"{change.name} is another partition")
    if after:
        return [Back(f"ALTER TABLE {after} DETACH PARTITION {change.name}", LET_GO)]
    bound = change.before["bound"]
    return [Back(f"ALTER TABLE {before} ATTACH PARTITION {change.name} {bound}", TAKE_IN)]


def _inherits(change: Change) -> list[Back]:
    before, after = change.before["inherits"] or [], change.after["inherits"] or []
    if set(before) - set(after):
        raise NotDerivableError(
            f"{change.name} no longer inherits from {', '.join(set(before) - set(after))}, and its "
            "columns are its own now"
        )
    return [Back(f"ALTER TABLE {change.name} NO INHERIT {parent}", LET_GO) for parent in after if parent not in before]


TABLE = ObjectKind(
    "TABLE",
    {
        "owner": owner("TABLE"),
        "privileges": privileges("TABLE"),
        "comment": comment("TABLE"),
        "unlogged": _logged("TABLE"),
        "options": (_options := storage_options("TABLE")),
        "toast options": _options,
        "row security": _row_security,
        "row security forced": _forced_row_security,
        "replica identity": _replica_identity,
        "access method": _access_method,
        "partition of": _partition,
        "bound": _partition,
        "inherits": _inherits,
    },
)
FOREIGN_TABLE = ObjectKind(
    "FOREIGN TABLE",
    {
        "owner": owner("FOREIGN TABLE"),
        "privileges": privileges("TABLE"),
        "comment": comment("FOREIGN TABLE"),
        "partition of": _partition,
        "bound": _partition,
        "inherits": _inherits,
    },
)


def _shape(change: Change) -> list[Back]:
    """CREATE OR REPLACE VIEW keeps everything else of a view, but cannot take columns away.

    Then the view is made anew, and what was said about it and granted on it is put back behind that (``remade``).
    """
    if change.before["columns"] == change.after["columns"]:
        return [Back(_create_view(change.name, change.before, "CREATE OR REPLACE VIEW"), MAKE)]
    added = ", ".join(column for column in change.after["columns"] if column not in change.before["columns"])
    if change.after["needed"]:
        raise NotDerivableError(f"the view {change.name} has new columns ({added}), and other objects need it")
    return [Back(f"DROP VIEW {change.name}", DROP), Back(_create_view(change.name, change.before), DROP)]


def _create_view(name: str, row: Row, create: str = "CREATE VIEW") -> str:
    settings = f" WITH ({', '.join(row['options'])})" if row["options"] else ""
    return f"{create} {name}{settings} AS\n{row['definition'].rstrip().rstrip(';')}"


SHAPE = ObjectKind("", {"definition": _shape}, derived=frozenset(("columns", "needed", "options")))
VIEW = ObjectKind(
    "VIEW",
    {
        "owner": owner("VIEW"),
        "privileges": privileges("TABLE"),
        "comment": comment("VIEW"),
        "options": storage_options("VIEW"),
    },
    derived=frozenset(("definition",)),
    make=_create_view,
    made_with=frozenset(("options",)),
)


def _populated(change: Change) -> list[Back]:
    how = "" if change.before["populated"] else " WITH NO DATA"
    return [Back(f"REFRESH MATERIALIZED VIEW {change.name}{how}", MAKE)]


MATERIALIZED_VIEW = ObjectKind(
    "MATERIALIZED VIEW",
    {
        "owner": owner("MATERIALIZED VIEW"),
        "privileges": privileges("TABLE"),
        "comment": comment("MATERIALIZED VIEW"),
        "options": (_options := storage_options("MATERIALIZED VIEW")),
        "toast options": _options,
        "populated": _populated,
    },
)

_PARAMETERS = {
    "type": "AS {}",
    "increment": "INCREMENT BY {}",
    "minimum": "MINVALUE {}",
    "maximum": "MAXVALUE {}",
    "start": "START WITH {}",
    "cache": "CACHE {}",
}


def _parameters(change: Change) -> list[Back]:
    """All at once, since each is checked against the others."""
    clauses = [text.format(change.before[name]) for name, text in _PARAMETERS.items() if name in change.fields]
    clauses += [] if "cycle" not in change.fields else ["CYCLE" if change.before["cycle"] else "NO CYCLE"]
    return [Back(f"ALTER SEQUENCE {change.name} {' '.join(clauses)}", PUT_BACK)]


def _owned_by(change: Change) -> list[Back]:
    return [Back(f"ALTER SEQUENCE {change.name} OWNED BY {change.before['owned by'] or 'NONE'}", PUT_BACK)]


def _owner_of_sequence(change: Change) -> list[Back]:
    """A sequence of a column has the owner of its table."""
    return [] if change.after["owned by"] or change.after["identity of"] else owner("SEQUENCE")(change)


SEQUENCE = ObjectKind(
    "SEQUENCE",
    {
        "owner": _owner_of_sequence,
        "privileges": privileges("SEQUENCE"),
        "comment": comment("SEQUENCE"),
        "unlogged": _logged("SEQUENCE"),
        **dict.fromkeys((*_PARAMETERS, "cycle"), _parameters),
        "owned by": _owned_by,
    },
)
