"""ALTER, RENAME, and what only has to be there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pytest_migrations.effects import Column, Condition, Named, Owned, Shape, Signature, Star
from pytest_migrations.validate import foreign_keys
from pytest_migrations.validate.blindness import Blind
from pytest_migrations.validate.clash import Made, Trouble
from pytest_migrations.validate.creating import copy_columns, type_or_relation
from pytest_migrations.validate.routines import check_ambiguity
from pytest_migrations.validate.scene import made

if TYPE_CHECKING:
    from pytest_migrations.effects import Effect
    from pytest_migrations.validate.scene import Scene
    from pytest_migrations.validate.thing import Thing

_TRIGGERS = frozenset({"trigger", "event trigger"})
#: What keeps a column from getting another type (ATPrepAlterColumnType in PostgreSQL's sources).
_HOLDS_THE_TYPE = frozenset({"view", "materialized view", "rule", "policy", "trigger", "function", "procedure"})


def require(scene: Scene, effect: Effect, *, is_certain: bool) -> None:
    """What is read or referred to."""
    thing = scene.existing(effect, is_certain=is_certain)
    if thing is not None and effect.by is not None and Condition.BODY not in effect.condition:
        needed = scene.schema.columns(thing) if isinstance(effect.detail, Star) else [thing]
        scene.waiting.setdefault(effect.by.key, []).extend(needed)
    if effect.object.space == "routine" and effect.by is None:
        _call(scene, effect, thing, scene.schema.count)
    elif effect.object.space == "routine" and effect.by is not None and effect.by.kind in _TRIGGERS:
        _call(scene, effect, thing, sys.maxsize)


def _call(scene: Scene, effect: Effect, routine: Thing | None, until: int) -> None:
    """A call may do what cannot be read: of a routine of the history that does so, or of one that is not known.

    A trigger calls it again and again from then on: ``until`` is how many effects there are at the last call.
    """
    scene.called.add(effect.object.key)
    text = effect.script.text[effect.offset :].partition(";")[0]
    if routine is None:
        scene.schema.blind.append(Blind(text, until, is_foreign=True))
    for place in scene.bodies.get(effect.object.key, ()):
        known = Blind(f"{place.text} {text}", until, effects=place.effects)
        scene.schema.blind.append(known)


def alter(scene: Scene, effect: Effect, *, is_certain: bool) -> None:
    """A change of the object that leaves its name."""
    thing = scene.existing(effect, is_certain=is_certain)
    if thing is None:
        return
    check_ambiguity(scene, effect, thing, is_certain=is_certain)
    if isinstance(effect.detail, Column):
        _change_type(scene, effect, thing, effect.detail.type, is_certain=is_certain)
    elif isinstance(effect.detail, Shape):
        scene.schema.journal.assign(thing, "is_known", False)
        _attach(scene, thing, effect.detail)
    elif isinstance(effect.detail, Star):
        source = scene.schema.find(effect.detail.of)
        copy_columns(scene, thing, source, is_typed=effect.detail.is_typed)
    elif isinstance(effect.detail, Owned):
        _own(scene, thing, effect.detail)
    elif effect.to is not None and thing.named.kind == "extension":
        _move(scene, thing, effect.to.path)


def _move(scene: Scene, extension: Thing, schema: tuple[str, ...]) -> None:
    """What an extension has brought goes to another schema."""
    for brought in list(extension.parts):
        scene.schema.rename(brought, Named(brought.named.kind, (*schema, *brought.named.path[1:])))
        scene.schema.belongs(brought, extension)


def _change_type(scene: Scene, effect: Effect, column: Thing, type_: str, *, is_certain: bool) -> None:
    holding = [user for user in column.users if user.named.kind in _HOLDS_THE_TYPE]
    if is_certain and (holders := [user for user in holding if scene.is_there_for_sure(user)]):
        scene.clash(Trouble.IN_USE, effect, other=made(column), users=holders)
    scene.schema.journal.assign(column, "type", type_ if is_certain else "")
    for foreign_key in foreign_keys.of_column(column) if is_certain else ():
        if scene.is_there_for_sure(foreign_key):
            _check_types(scene, effect, foreign_key)
    for used in [used for used in column.uses if used.named.space != "column"]:
        scene.schema.needs_no_more(column, used)


def _check_types(scene: Scene, effect: Effect, constraint: Thing) -> None:
    """A foreign key still has to fit, whichever of its sides has changed."""
    key = constraint.key
    table = scene.schema.find(key.refers) if key and key.refers else None
    if key is None or table is None:
        return
    for type_, _, other in foreign_keys.types_of(key, foreign_keys.referred_columns(key, table), scene.schema):
        if not foreign_keys.can_refer(type_, other):
            scene.clash(Trouble.OTHER_TYPE, effect, other=made(constraint), types=(type_, other))


def _attach(scene: Scene, table: Thing, shape: Shape) -> None:
    """A partition goes with its table; one that is detached, or inherits no more, stands for itself."""
    if shape.is_partition:
        scene.schema.belongs(table, scene.schema.find(shape.parents[0]))
    for parent in filter(None, map(scene.schema.find, shape.parents)) if shape.has_left else ():
        scene.schema.needs_no_more(table, parent)
        scene.schema.journal.remove(table.parents, parent)
        if table.owner is parent:
            scene.schema.belongs(table, None)
        _keep_columns(scene, parent)


def _keep_columns(scene: Scene, parent: Thing) -> None:
    """One that has left has its columns for itself: what reads them there needs those of its parent no more."""
    for column in [part for part in parent.parts if part.named.kind == "column"]:
        for user in [user for user in column.users if user.owner is not parent and parent not in user.uses]:
            scene.schema.needs_no_more(user, column)
    for further in parent.parents:
        _keep_columns(scene, further)


def _own(scene: Scene, thing: Thing, owned: Owned) -> None:
    owner = scene.schema.find(owned.owner) if owned.owner else None
    scene.schema.belongs(thing, owner)
    if owner is not None and owner.key is not None and thing.key is not None:  # a constraint USING INDEX
        scene.schema.journal.assign(owner, "key", owner.key._replace(columns=thing.key.columns))


def rename(scene: Scene, effect: Effect, *, is_certain: bool) -> None:
    """Another name, or another schema."""
    thing = scene.existing(effect, is_certain=is_certain)
    if effect.to is None:
        return
    if thing is None:
        if scene.schema.is_unknown(effect.object) and effect.to.key not in scene.schema.things:
            scene.schema.add(effect, effect.to, scene.migration, is_certain=False, is_known=False)
        return
    if isinstance(effect.detail, Signature) and len(thing.signatures) > 1:
        check_ambiguity(scene, effect, thing, is_certain=is_certain)
        _rename_one_of_several(scene, effect, thing, effect.detail)
        return
    there = scene.schema.things.get(effect.to.key) or type_or_relation(scene, Named(thing.named.kind, effect.to.path))
    if there is not None and there is not thing:
        if is_certain and scene.is_there_for_sure(there):
            scene.clash(Trouble.EXISTS, effect, other=made(there))
    elif not is_certain:
        scene.schema.journal.assign(thing, "is_certain", False)
        scene.schema.add(effect, effect.to, scene.migration, is_certain=False, is_known=False)
    else:
        scene.goes(thing)
        scene.schema.journal.put(scene.gone, thing.named.key, Made(thing.named, scene.migration, effect))
        if thing.named.kind == "column" and thing.owner is not None:
            _rename_in_keys(scene, thing, thing.owner, effect.to.path[-1])
        scene.schema.rename(thing, effect.to)
        scene.schema.journal.assign(thing, "made_in", scene.migration)
        _rename_its_twin(scene, thing)


def _rename_one_of_several(scene: Scene, effect: Effect, routine: Thing, signature: Signature) -> None:
    """One of the routines of a name is called otherwise from then on."""
    assert effect.to is not None
    schema, arguments = scene.schema, signature.arguments
    if arguments is None or arguments not in routine.signatures:
        schema.journal.assign(routine, "is_certain", False)
        schema.add(effect, effect.to, scene.migration, is_certain=False, is_known=False)
        return
    there = schema.things.get(effect.to.key)
    if there is None:
        there = schema.add(effect, effect.to, scene.migration, is_certain=routine.is_certain, is_known=True)
    schema.journal.put(there.signatures, arguments, routine.signatures[arguments])
    schema.journal.remove(routine.signatures, arguments)


def _rename_in_keys(scene: Scene, column: Thing, table: Thing, new: str) -> None:
    """The keys of its table, and what refers to it, know a column by its name."""
    old = column.named.path[-1]

    def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if name == old else name for name in names)

    scene.schema.journal.assign(table, "partition_key", renamed(table.partition_key))
    for part in table.parts:
        if part.key is not None:
            scene.schema.journal.assign(part, "key", part.key._replace(columns=renamed(part.key.columns)))
    for user in column.users:
        if user.key is not None and user.owner is not table:
            scene.schema.journal.assign(user, "key", user.key._replace(referred=renamed(user.key.referred)))


def _rename_its_twin(scene: Scene, thing: Thing) -> None:
    """A constraint and its index have one name."""
    twins = [part for part in thing.parts if part.named.kind == "index"] if thing.named.kind == "constraint" else []
    if thing.named.kind == "index" and thing.owner is not None and thing.owner.named.kind == "constraint":
        twins = [thing.owner]
    for twin in twins:
        scene.schema.rename(twin, Named(twin.named.kind, (*twin.named.path[:-1], thing.named.path[-1])))
