"""Which statements the differences after a rollback come from: the rollback is run once more and watched."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.catalog.snapshot import take_snapshot
from pytest_migrations.errors import UserError
from pytest_migrations.runner import NeedsCommitsError, Runner, leave_transaction
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_migrations.catalog.difference import Difference
    from pytest_migrations.catalog.objects import CatalogObject, Key
    from pytest_migrations.catalog.snapshot import Snapshot
    from pytest_migrations.errors import Place
    from pytest_migrations.migration import Migration, Statement

#: A snapshot is taken after each statement; a rollback with more of them would take seconds to watch.
_MOST_STATEMENTS = 100


@dataclass(frozen=True)
class Culprit:
    """A statement that differences come from; ``script`` is "in the rollback" or "in the migration"."""

    place: Place
    script: str
    remark: str
    differing: frozenset[Key]


def find_culprits(
    connection: psycopg.Connection, migration: Migration, differences: Sequence[Difference], *, cluster: bool
) -> tuple[Culprit, ...]:
    """The statements to look at, for a database that stands behind the migration; nothing of the attempt is kept."""
    changes = _watch_rollback(connection, migration, differences, cluster=cluster)
    culprits: dict[int, Culprit] = {}
    for difference in differences:
        statement = changes.get(difference.key)
        script, remark = "in the rollback", _IN_ROLLBACK[difference.change]
        if statement is None:
            statement = _mentioned_in(_candidates(migration, difference), difference)
            script, remark = "in the migration", _IN_MIGRATION[difference.change]
        if statement is not None:
            culprit = culprits.get(id(statement)) or Culprit(
                statement.place, script, remark.format(difference.key), frozenset()
            )
            culprits[id(statement)] = replace(culprit, differing=culprit.differing | {difference.key})
    return tuple(culprits.values())


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
) -> dict[Key, Statement]:
    """For each object that differs, the last statement of the rollback that changed it.

    Where there are too many to watch it is the last that makes the object anew.
    """
    assert migration.down is not None
    commands = statements(migration.down)
    if len(commands) > _MOST_STATEMENTS:
        made = {name: statement for statement in commands for _, name in statement.creates}
        return {d.key: made[name] for d in differences if d.change != "missing" and (name := _own_name(d)) in made}
    fields = {difference.key: [change.field for change in difference.changes] for difference in differences}
    changes: dict[Key, Statement] = {}

    seen: list[Snapshot] = []

    def look(statement: Statement | None) -> None:
        seen.append(take_snapshot(connection, cluster=cluster, since=seen[0] if seen else None))
        if statement is None:
            return
        for before, after in seen[-2].differing_pages(seen[-1]):
            for key, names in fields.items():
                # Whether the object is there, and of what it is only that in which it differs in the end.
                if _part(before, key, names) != _part(after, key, names):
                    changes[key] = statement
        del seen[1:-1]

    connection.execute(b"BEGIN")
    try:
        look(None)
        Runner(connection, after_statement=look).rollback_inside(migration)
    except (NeedsCommitsError, UserError, psycopg.Error):
        return changes
    finally:
        leave_transaction(connection)
    return changes


def _part(objects: Mapping[Key, CatalogObject], key: Key, names: Sequence[str]) -> list[str | None] | None:
    return [objects[key].fields.get(name) for name in names] if key in objects else None


def _candidates(migration: Migration, difference: Difference) -> list[Statement]:
    """What is left behind was created by any statement; what is missing or changed, by none that only creates."""
    commands = statements(migration.up)
    if difference.change == "left behind":
        return list(commands)
    or_replace = _OR_REPLACE if difference.change == "changed" else frozenset[str]()
    return [s for s in commands if s.kind in or_replace or not (s.kind.startswith("create_") or s.kind in _ONLY_CREATE)]


_OR_REPLACE = frozenset({"create_function_stmt", "create_trig_stmt", "view_stmt"})
_ONLY_CREATE = {"index_stmt", "insert_stmt", "rule_stmt", "select_stmt", "update_stmt", "view_stmt"}
#: What makes an object of a kind whose name another kind may have as well, as a trigger often has its function's.
_MAKES = {
    "function": "create_function_stmt",
    "index": "index_stmt",
    "policy": "create_policy_stmt",
    "procedure": "create_function_stmt",
    "rule": "rule_stmt",
    "table": "create_stmt",
    "trigger": "create_trig_stmt",
    "view": "view_stmt",
}


def _mentioned_in(commands: Sequence[Statement], difference: Difference) -> Statement | None:
    """The statement that makes the object, or names it, or else its table. The schema may go without saying."""
    own, around = _own_name(difference), _names_around(difference)

    def score(statement: Statement) -> tuple[bool, bool, bool, int]:
        named = _names(statement, own)
        made = any(name == own for _, name in statement.creates)
        makes = named and statement.kind == _MAKES.get(difference.kind) and (made or not statement.creates)
        return makes, made, named, sum(_names(statement, name) for name in around)

    nothing = (False, False, False, 0)
    best = max(commands, key=lambda s: (*score(s), difference.change == "missing" and _names(s, "drop")), default=None)
    return best if best is not None and score(best) > nothing else None


def _names(statement: Statement, name: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", statement.text, re.IGNORECASE))


def _own_name(difference: Difference) -> str:
    """The object's name without its schema, its table and a function's arguments."""
    own, _ = _parts(difference)
    return own[-1] if own else ""


def _names_around(difference: Difference) -> list[str]:
    """The names of the tables and the like that it belongs to, without their schema."""
    own, owner = _parts(difference)
    return own[1:-1] + owner[1:]


def _parts(difference: Difference) -> tuple[list[str], list[str]]:
    name, _, _ = difference.name.partition("(")
    own, _, owner = name.partition(" on ")
    return _identifiers(own), _identifiers(owner)


def _identifiers(text: str) -> list[str]:
    return [part.strip('"').replace('""', '"') for part in re.findall(r'"(?:[^"]|"")+"|[\w$]+', text)]
