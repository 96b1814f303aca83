"""DROP: what goes, what goes along, and what keeps it from going."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Signature
from pytest_migrations.validate.clash import Made, Trouble
from pytest_migrations.validate.routines import check_ambiguity
from pytest_migrations.validate.scene import made

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_migrations.effects import Effect
    from pytest_migrations.validate.scene import Scene
    from pytest_migrations.validate.thing import Thing

#: Kinds of relations that are dropped as what they are.
_RELATIONS = frozenset({"table", "view", "materialized view", "foreign table", "index", "sequence"})
#: What goes along with a column of its table, where others would keep the column from going.
_GOES_ALONG = frozenset({"index", "constraint", "default", "statistics object"})


def drop(scene: Scene, effect: Effect, *, is_certain: bool) -> None:
    """Take the object away with all that goes with it."""
    thing = scene.existing(effect, is_certain=is_certain)
    if thing is None:
        return
    if not is_certain:
        scene.schema.journal.assign(thing, "is_certain", False)
        return
    if {effect.object.kind, thing.named.kind} <= _RELATIONS and effect.object.kind != thing.named.kind:
        if scene.is_there_for_sure(thing):
            scene.clash(Trouble.OTHER_KIND, effect, other=made(thing))
        return
    check_ambiguity(scene, effect, thing, is_certain=is_certain)
    if isinstance(effect.detail, Signature) and _others_stay(scene, thing, effect.detail):
        return
    going = _going(thing)
    keepers = _keepers(scene, effect, thing, going)
    if keepers and not effect.cascade:
        scene.clash(Trouble.IN_USE, effect, other=made(thing), users=keepers)
        for each in (*going, *keepers):  # they stay, or go when it is mended
            scene.schema.journal.assign(each, "is_certain", False)
        return
    for gone in (*going, *keepers):
        scene.goes(gone)
        scene.schema.journal.put(scene.gone, gone.named.key, Made(gone.named, scene.migration, effect))
    scene.schema.drop(going)
    _drop_with_users(scene, keepers)


def _others_stay(scene: Scene, routine: Thing, signature: Signature) -> bool:
    """Whether other routines of the name stay; which one goes is known where its arguments are."""
    if signature.arguments is not None and signature.arguments in routine.signatures:
        scene.schema.journal.remove(routine.signatures, signature.arguments)
        return bool(routine.signatures)
    if len(routine.signatures) > 1:
        scene.schema.journal.assign(routine, "is_certain", False)
        return True
    return False


def _going(thing: Thing) -> dict[Thing, None]:
    """What goes with it; with a column those indexes and constraints of its table that need it, too."""
    going = thing.all_parts()
    if thing.named.kind == "column":
        for user in thing.users:
            if user.owner is thing.owner and user.named.kind in _GOES_ALONG:
                going |= user.all_parts()
    return going


def _keepers(scene: Scene, effect: Effect, thing: Thing, going: dict[Thing, None]) -> list[Thing]:
    """What would not go along and needs one of those that go."""
    if effect.object.kind == "schema":
        return [part for part in going if len(part.named.path) == 2 and scene.is_there_for_sure(part)]
    keepers = {
        user: None
        for part in going
        for user in part.users
        if user not in going and user not in scene.dropping and scene.is_there_for_sure(user)
    }
    if thing.named.kind == "index" and thing.owner is not None and thing.owner.named.kind == "constraint":
        keepers[thing.owner] = None
    return list(keepers)


def _drop_with_users(scene: Scene, things: Iterable[Thing]) -> None:
    """CASCADE."""
    for thing in things:
        further = [user for part in thing.all_parts() for user in part.users]
        scene.schema.drop([thing])
        _drop_with_users(scene, [user for user in further if scene.schema.things.get(user.named.key) is user])
