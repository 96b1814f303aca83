"""Which migrations make what, known before the walk: what is missing may come later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Condition, Named, Verb, effects_of
from pytest_migrations.effects.extensions import brought_by
from pytest_migrations.validate.clash import Made

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_migrations.effects import Effect
    from pytest_migrations.migration import Migration

_Key = tuple[str, tuple[str, ...]]


class Outlook:
    """What each migration makes, by the names of the objects."""

    def __init__(self, migrations: Sequence[Migration]) -> None:
        self._made: dict[_Key, list[Made]] = {}
        for number, migration in enumerate(migrations):
            for effect in effects_of(migration.up).effects:
                if effect.verb in (Verb.CREATE, Verb.RENAME) and not effect.condition & _LATE:
                    for named in _names_made(effect):
                        self._made.setdefault(named.key, []).append(Made(named, number, effect))

    def later(self, named: Named, migration: int, also_in: Sequence[str] = ()) -> Made | None:
        """The first migration behind that one that makes the object, if any does."""
        for schema in (named.path[0], *also_in):
            for key in _keys(Named(named.kind, (schema, *named.path[1:]))):
                for made in self._made.get(key, ()):
                    if made.migration > migration:
                        return made
        return None

    def is_made_by(self, named: Named, migration: int) -> bool:
        """Whether that migration makes it."""
        return any(made.migration == migration for key in _keys(named) for made in self._made.get(key, ()))


_LATE = Condition.CALLED | Condition.BODY


def _keys(named: Named) -> tuple[_Key, ...]:
    return (named.key, ("relation", named.path)) if named.space == "type" else (named.key,)


def _names_made(effect: Effect) -> Iterator[Named]:
    if effect.verb is Verb.CREATE:
        yield effect.object
    if effect.object.kind == "extension":
        yield from brought_by(effect)
    elif effect.to is not None:
        yield effect.to
