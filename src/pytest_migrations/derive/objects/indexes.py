"""Indexes."""

from __future__ import annotations

from pytest_migrations.derive.objects.kind import (
    MAKE,
    PUT_BACK,
    Change,
    NotDerivableError,
    ObjectKind,
    own_name,
)
from pytest_migrations.derive.objects.sayings import comment, options
from pytest_migrations.derive.state import Back


def _name(change: Change) -> str:
    """Its name in the statements about its table; a constraint's index has the constraint's."""
    return own_name(change.name, change.after) if change.kind == "constraint" else change.name.rpartition(".")[2]


def clustered(change: Change) -> list[Back]:
    """Mark the index again in whose order CLUSTER puts the table, of which there is at most one."""
    if change.before["clustered"]:
        return [Back(f"ALTER TABLE {change.relation} CLUSTER ON {_name(change)}", PUT_BACK)]
    return [Back(f"ALTER TABLE {change.relation} SET WITHOUT CLUSTER", MAKE)]


def replica_identity(change: Change) -> list[Back]:
    """Make the index again by which replication tells rows; what the table said of it is put back behind that."""
    if change.before["replica identity"]:
        return [Back(f"ALTER TABLE {change.relation} REPLICA IDENTITY USING INDEX {_name(change)}", PUT_BACK)]
    return [Back(f"ALTER TABLE {change.relation} REPLICA IDENTITY DEFAULT", MAKE)]


def _definition(change: Change) -> list[Back]:
    """Only its options can be altered."""
    before, after = (_parts(row["definition"]) for row in (change.before, change.after))
    if before[0] != after[0]:
        raise NotDerivableError(f"{change.name} is another index")
    return [Back(f"ALTER INDEX {change.name} {clause}", PUT_BACK) for clause in options(before[1], after[1])]


def _parts(definition: str) -> tuple[str, list[str]]:
    head, found, rest = definition.partition(" WITH (")
    if not found:
        return definition.partition(" WHERE ")[0], []
    settings, _, behind = rest.partition(")")
    return head + behind, [setting.replace("'", "") for setting in settings.split(", ")]


def _statistics(change: Change) -> list[Back]:
    before, after = (
        dict(pair.split("=") for pair in row["statistics targets"] or ()) for row in (change.before, change.after)
    )
    return [
        Back(f"ALTER INDEX {change.name} ALTER COLUMN {column} SET STATISTICS {before.get(column, -1)}", PUT_BACK)
        for column in sorted({**before, **after})
        if before.get(column) != after.get(column)
    ]


def _partition(change: Change) -> list[Back]:
    """Once it is made again it becomes a part again; ATTACH PARTITION of an index has no way back."""
    if whole := change.after["partition of"]:
        raise NotDerivableError(f"{change.name} is part of {whole} now, and would go with it")
    return [Back(f"ALTER INDEX {change.before['partition of']} ATTACH PARTITION {change.name}", PUT_BACK)]


INDEX = ObjectKind(
    "INDEX",
    {
        "definition": _definition,
        "comment": comment("INDEX"),
        "clustered": clustered,
        "replica identity": replica_identity,
        "statistics targets": _statistics,
        "partition of": _partition,
    },
    make=lambda _, row: str(row["definition"]),
    made_with=frozenset(("definition",)),
)
