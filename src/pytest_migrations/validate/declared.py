"""What migrations say that they stand on: ``-- Dependencies: users, 003_grants``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb, effects_of
from pytest_migrations.errors import Place
from pytest_migrations.migration import Order
from pytest_migrations.validate.graph import cycle_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.migration import History, Migration


@dataclass(frozen=True)
class Declared:
    """A declared dependency of the migration of that number, and the migrations that it can mean."""

    number: int
    text: str
    means: tuple[int, ...]


def declared_dependencies(history: History) -> list[Declared]:
    """All of a history, in order. Where the tool goes by them itself, they are its own business, and there are none."""
    if history.order is not Order.VERSIONS or not any(migration.dependencies for migration in history):
        return []
    names = _migrations_by_name(history)
    tables = _creators_of_tables(history)
    return [
        Declared(number, text, tuple(names.get(text, ())) or tuple(tables.get(text.lower(), ())))
        for number, migration in enumerate(history)
        for text in migration.dependencies
    ]


def circle(known: list[Declared]) -> tuple[int, ...]:
    """Migrations each of which says that it depends on the next one, and the last on the first; empty where none do.

    What several migrations create may be meant to be of any of them.
    """
    edges: dict[int, set[int]] = {}
    for one in known:
        if len(one.means) == 1:
            edges.setdefault(one.number, set()).update(set(one.means) - {one.number})
    return cycle_in(edges)


def place_of(migration: Migration, text: str) -> Place:
    """Where a migration says it: in the line of its head that speaks of dependencies."""
    source = migration.up.source
    found = re.search(rf"depend[^\n]*?(?<!\w)({re.escape(text)})(?!\w)", source, re.IGNORECASE)
    offset = found.start(1) if found else 0
    line = source.count("\n", 0, offset) + 1
    return Place(migration.path, line, offset - (source.rfind("\n", 0, offset) + 1) + 1, source)


def _migrations_by_name(history: History) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, migration in enumerate(history):
        for name in {migration.name, migration.name.rpartition(".")[0], migration.version}:
            found.setdefault(name, []).append(number)
    return found


def _creators_of_tables(history: History) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, migration in enumerate(history):
        for name in _tables_made(migration):
            creators = found.setdefault(name.lower(), [])
            if number not in creators:
                creators.append(number)
    return found


def _tables_made(migration: Migration) -> Iterator[str]:
    for effect in effects_of(migration.up).of(Verb.CREATE, Verb.RENAME):
        named = effect.to if effect.verb is Verb.RENAME and effect.to else effect.object
        if named.space in ("relation", "type", "schema", "routine"):
            yield named.short.replace('"', "")
            yield named.path[-1]
