"""Whether one migration stands on what another has made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects.builtin import extensions
from pytest_migrations.effects.effect import Condition, Effects, Named, Verb
from pytest_migrations.effects.reading import effects_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.migration import Migration

_Key = tuple[str, tuple[str, ...]]


def depends_on(later: Migration, earlier: Migration) -> tuple[Named, ...]:
    """The objects by which ``later`` depends on ``earlier``, in the order in which it names them; none: it does not.

    These are the objects that the earlier one leaves behind and the later one reads, requires, alters, renames,
    replaces or drops, and those whose names the later one takes because the earlier one has freed them. What happens
    only under a condition counts. What neither script tells (dynamic SQL) is in ``effects_of(...).opaque``.
    """
    made, freed = _left_behind(effects_of(earlier.up))
    brought = _brought(made)
    own: set[_Key] = set()
    found: dict[_Key, Named] = {}
    for effect in effects_of(later.up).effects:
        key = effect.object.key
        if effect.verb is Verb.CREATE:
            if key in freed or (Condition.OR_REPLACE in effect.condition and key in made):
                found.setdefault(key, effect.object)
            own.add(key)
            continue
        for named in (effect.object, *effect.among):
            if named.key in made and named.key not in own:
                found.setdefault(named.key, _best_named(made[named.key], named))
            elif (named.space, named.path[-1]) in brought and named.key not in own:
                found.setdefault(named.key, named)
    return tuple(found.values())


def _left_behind(effects: Effects) -> tuple[dict[_Key, Named], set[_Key]]:
    """What is there behind it that was not there before, and the names that it has freed."""
    made: dict[_Key, Named] = {}
    freed: set[_Key] = set()
    for effect in effects.of(Verb.CREATE, Verb.DROP, Verb.RENAME):
        key = effect.object.key
        if effect.verb is Verb.CREATE:
            made[key] = effect.object
            freed.discard(key)
            continue
        if made.pop(key, None) is None:
            freed.add(key)
        if effect.to is not None:
            made[effect.to.key] = effect.to
    return made, freed


def _brought(made: Mapping[_Key, Named]) -> set[tuple[str, str]]:
    """The names, of whatever schema, of what came with the extensions among what was made."""
    names = (extensions().get(named.path[0], {}) for named in made.values() if named.kind == "extension")
    return {(kind, name) for kinds in names for kind, of_kind in kinds.items() for name in of_kind}


def _best_named(made: Named, used: Named) -> Named:
    """By the more exact of the two kinds: the one that created it knows it."""
    return used if made.kind == made.space else made
