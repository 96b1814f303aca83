"""Which statements the differences after a rollback come from: the rollback is run once more and watched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.catalog.snapshot import take_snapshot
from pytest_migrations.errors import UserError
from pytest_migrations.runner import NeedsCommitsError, Runner, leave_transaction
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_migrations.catalog.difference import Difference
    from pytest_migrations.errors import Place
    from pytest_migrations.migration import Migration, Statement

#: A snapshot is taken after each statement; a rollback with more of them would take seconds to watch.
_MOST_STATEMENTS = 100
#: One excerpt a statement; what more there is, the list of differences says.
_MOST_CULPRITS = 3


@dataclass(frozen=True)
class Culprit:
    """A statement that a difference comes from; ``script`` is "in the rollback" or "in the migration"."""

    place: Place
    script: str
    remark: str


def find_culprits(
    connection: psycopg.Connection, migration: Migration, differences: Sequence[Difference], *, cluster: bool
) -> tuple[Culprit, ...]:
    """The statements to look at, for a database that stands behind the migration; nothing of the attempt is kept."""
    changes = _watch_rollback(connection, migration, differences, cluster=cluster)
    culprits: dict[int, Culprit] = {}
    for difference in differences:
        statement = changes.get((difference.kind, difference.name))
        script, remark = "in the rollback", _IN_ROLLBACK[difference.change]
        if statement is None:
            statement = _mentioned_in(_candidates(migration, difference), difference)
            script, remark = "in the migration", _IN_MIGRATION[difference.change]
        if statement is not None:
            remark = remark.format(f"{difference.kind} {difference.name}")
            culprits.setdefault(id(statement), Culprit(statement.place, script, remark))
    return tuple(culprits.values())[:_MOST_CULPRITS]


_IN_ROLLBACK = {
    "missing": "removes {}; nothing puts it back",
    "changed": "leaves {} different",
    "left behind": "creates {}",
}
_IN_MIGRATION = {
    "missing": "removes {}; the rollback does not put it back",
    "changed": "changes {}; the rollback does not change it back",
    "left behind": "creates {}; the rollback leaves it there",
}


def _watch_rollback(
    connection: psycopg.Connection, migration: Migration, differences: Sequence[Difference], *, cluster: bool
) -> dict[tuple[str, str], Statement]:
    """For each object that differs, the last statement of the rollback that changed it."""
    assert migration.down is not None
    if len(statements(migration.down)) > _MOST_STATEMENTS:
        return {}
    fields = {(d.kind, d.name): [change.field for change in d.changes] for d in differences}
    last_seen: dict[tuple[str, str], object] = {}
    changes: dict[tuple[str, str], Statement] = {}

    def look(statement: Statement | None) -> None:
        objects: dict[tuple[str, str], Mapping[str, str]] = dict(take_snapshot(connection, cluster=cluster).items())
        for key, names in fields.items():
            # Whether the object is there, and of what it is only that in which it differs in the end.
            seen = [objects[key].get(name) for name in names] if key in objects else None
            if statement is not None and seen != last_seen[key]:
                changes[key] = statement
            last_seen[key] = seen

    connection.execute(b"BEGIN")
    try:
        look(None)
        Runner(connection, after_statement=look).rollback_inside(migration)
    except (NeedsCommitsError, UserError, psycopg.Error):
        return changes
    finally:
        leave_transaction(connection)
    return changes


def _candidates(migration: Migration, difference: Difference) -> list[Statement]:
    """What is left behind was created by any statement; what is missing or changed, by none that only creates."""
    commands = statements(migration.up)
    if difference.change == "left behind":
        return list(commands)
    return [s for s in commands if not s.kind.startswith("create_") and s.kind not in _ONLY_CREATE]


_ONLY_CREATE = {"index_stmt", "insert_stmt", "select_stmt", "update_stmt", "view_stmt"}


def _mentioned_in(commands: Sequence[Statement], difference: Difference) -> Statement | None:
    """The statement that names most of the object: its table and its column, say. The schema may go without saying."""
    parts = [part.replace('"', "") for part in re.findall(r'"(?:[^"]|"")+"|\w+', difference.name)]
    patterns = [re.compile(rf"(?<!\w){re.escape(part)}(?!\w)", re.IGNORECASE) for part in parts]

    def score(statement: Statement) -> tuple[bool, int]:
        names = {name for _, name in statement.creates}
        return bool(parts) and parts[-1] in names, sum(1 for p in patterns if p.search(statement.text))

    best = max(commands, key=score, default=None)
    return best if best is not None and score(best) > (False, 0) else None
