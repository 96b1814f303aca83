"""Carries out the effects of one script after another on the schema that they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Condition, Opaque, Verb
from pytest_migrations.validate.blindness import Blind
from pytest_migrations.validate.changing import alter, rename, require
from pytest_migrations.validate.conditions import Branches, is_skipped
from pytest_migrations.validate.creating import create
from pytest_migrations.validate.dropping import drop
from pytest_migrations.validate.replacing import end_replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_migrations.effects import Effect, Effects
    from pytest_migrations.validate.scene import Scene

_ACTS: dict[Verb, Callable[..., None]] = {
    Verb.CREATE: create,
    Verb.ALTER: alter,
    Verb.DROP: drop,
    Verb.RENAME: rename,
    Verb.READ: require,
    Verb.REQUIRE: require,
}


def act(scene: Scene, effects: Effects, migration: int, *, in_rollback: bool = False) -> None:
    """Carry out a script of the migration of that number."""
    scene.migration, scene.in_rollback = migration, in_rollback
    _remember_bodies(scene, effects)
    opaque: dict[int, list[Opaque]] = {}
    for place in effects.opaque:
        if place.by is None:
            opaque.setdefault(place.statement, []).append(place)
    by_statement, taken_back = effects.by_statement, {last: first for first, last in effects.undone}
    marks: dict[int, int] = {}
    for number in sorted({*by_statement, *opaque, *taken_back, *taken_back.values()}):
        if number in taken_back:
            scene.schema.journal.back_to(marks[taken_back[number]])
        marks[number] = len(scene.schema.journal)
        for place in opaque.get(number, ()):
            text = place.text or place.script.written
            is_foreign = place.script.program is not None
            known = Blind(text, scene.schema.count, is_foreign=is_foreign, effects=place.effects)
            scene.schema.blind.append(known)
        _statement(scene, by_statement.get(number, ()))
    scene.schema.end_session()


def _statement(scene: Scene, effects: Sequence[Effect]) -> None:
    dropping = [scene.schema.find(e.object, e.also_in) for e in effects if e.verb is Verb.DROP]
    scene.begin(frozenset(part for thing in dropping if thing is not None for part in thing.all_parts()))
    branches = Branches(scene)
    for effect in effects:
        if Condition.CALLED in effect.condition or is_skipped(scene, effect):
            continue
        runs = branches.runs(effect)
        if runs is not False:
            _ACTS[effect.verb](scene, effect, is_certain=runs is True and Condition.CAUGHT not in effect.condition)
    end_replacing(scene)
    scene.end()


def _remember_bodies(scene: Scene, effects: Effects) -> None:
    """What routines do when they are called, as far as that is more than to read and write rows."""
    for effect in effects.of(Verb.CREATE, Verb.DROP, Verb.RENAME):
        if Condition.CALLED in effect.condition and effect.by is not None:
            known = Opaque(effect.script, effect.statement, effect.offset, "", effects=(effect,))
            scene.bodies.setdefault(effect.by.key, []).append(known)
    for place in effects.opaque:
        if place.by is not None:
            scene.bodies.setdefault(place.by.key, []).append(place)
