"""CREATE: a new object, and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Column, Condition, Key, Named, Owned, Shape, Signature
from pytest_migrations.effects.builtin import extensions
from pytest_migrations.effects.extensions import brought_by
from pytest_migrations.validate import foreign_keys
from pytest_migrations.validate.clash import Made, Trouble
from pytest_migrations.validate.conditions import stands_alone
from pytest_migrations.validate.replacing import replace_column, replace_view
from pytest_migrations.validate.routines import create_routine
from pytest_migrations.validate.scene import made

if TYPE_CHECKING:
    from pytest_migrations.effects import Effect
    from pytest_migrations.validate.scene import Scene
    from pytest_migrations.validate.schema import Schema
    from pytest_migrations.validate.thing import Thing

_OTHER = {"type": "relation", "relation": "type"}
#: A type may be declared only, and its name free for a table.
_WITHOUT_TYPE = frozenset({"relation", "index", "sequence", "type"})


def create(scene: Scene, effect: Effect, *, is_certain: bool) -> None:
    """Put the object there, unless one of its name is."""
    if isinstance(effect.detail, Signature):
        routine = create_routine(scene, effect, effect.detail, is_certain=is_certain)
        if routine is not None:
            scene.made[effect.object.key] = routine
            _link(scene, effect, routine)
        return
    if isinstance(effect.detail, Column) and scene.replacing:
        view = scene.schema.things.get(effect.object.table.key)
        replace_column(scene, view, effect.object.path[-1], _type_of(scene, effect.detail))
    named, existing = effect.object, scene.schema.things.get(effect.object.key)
    if existing is not None and existing.made_by is None:  # it was only taken to be there
        existing = None
    holder = type_or_relation(scene, named)
    if holder is not None:
        if is_certain:
            scene.clash(Trouble.EXISTS, effect, other=made(holder))
        return
    if _is_automatic(effect):
        named, is_known = _free_name(scene, effect)
        existing, is_certain = None, is_certain and is_known
    if existing is not None:
        _meet(scene, effect, existing, is_certain=is_certain)
        return
    shape = effect.detail if isinstance(effect.detail, Shape) else Shape()
    scene.skipped = None if stands_alone(effect) else scene.skipped
    may_be_older = Condition.IF_NOT_EXISTS in effect.condition and scene.schema.is_unknown(named)
    has_all = shape.is_known and not may_be_older
    thing = scene.schema.add(effect, named, scene.migration, is_certain=is_certain, is_known=has_all)
    scene.made[effect.object.key] = thing
    _describe(scene, thing, effect)
    _link(scene, effect, thing)


def type_or_relation(scene: Scene, named: Named) -> Thing | None:
    """The relation that has the name of a type, or the other way round: each table has a type of its name."""
    found = scene.schema.things.get((_OTHER.get(named.space, ""), named.path))
    is_own = found is not None and found.made_by is not None and found.made_by.object.kind != "extension"
    if found is None or not is_own or not _WITHOUT_TYPE.isdisjoint((named.kind, found.named.kind)):
        return None
    return found if scene.is_there_for_sure(found) else None


def _meet(scene: Scene, effect: Effect, existing: Thing, *, is_certain: bool) -> None:
    """What happens where the name is taken."""
    if Condition.IF_NOT_EXISTS in effect.condition:
        scene.skipped = effect.object if effect.object.kind != "index" else None
        if is_certain and not existing.is_certain:
            scene.schema.journal.assign(existing, "is_certain", True)
    elif Condition.OR_REPLACE in effect.condition:  # what needs it stays, what it needs is told anew
        if existing.named.kind != effect.object.kind and existing.named.space == "relation":
            if is_certain and scene.is_there_for_sure(existing):
                scene.clash(Trouble.EXISTS, effect, other=made(existing))
            return
        if isinstance(effect.detail, Shape):
            if not effect.detail.is_known:
                scene.schema.journal.assign(existing, "is_known", False)
            elif is_certain:
                replace_view(scene, effect, existing)
        scene.schema.needs_nothing(existing)
        _link(scene, effect, existing)
    elif is_certain and scene.is_there_for_sure(existing):
        scene.clash(Trouble.EXISTS, effect, other=made(existing))


def _link(scene: Scene, effect: Effect, thing: Thing) -> None:
    """What the statement has named for it before, it needs."""
    for used in scene.waiting.pop(effect.object.key, []):
        if used is not thing:
            scene.schema.needs(thing, used)


def _describe(scene: Scene, thing: Thing, effect: Effect) -> None:
    """What is known of a new object beside its name."""
    detail, schema = effect.detail, scene.schema
    if isinstance(detail, Column):
        schema.journal.assign(thing, "type", _type_of(scene, detail))
    elif isinstance(detail, Key):
        _describe_key(scene, thing, effect, detail)
    elif isinstance(detail, Owned):
        owner = schema.find(detail.owner) if detail.owner else None
        schema.belongs(thing, owner or thing.owner)
    elif isinstance(detail, Shape):
        _describe_relation(scene, thing, detail)
    elif effect.by is not None and effect.by.kind == "range":  # its multirange and its constructors
        schema.belongs(thing, schema.find(effect.by))
    elif thing.named.kind == "extension":
        _bring(scene, thing, effect)


def _type_of(scene: Scene, column: Column) -> str:
    """The type that it is given, or that of the column that it is taken from."""
    source = scene.schema.find(column.of) if column.of is not None else None
    return column.type or (source.type if source is not None and source.is_certain else "")


def _describe_key(scene: Scene, thing: Thing, effect: Effect, key: Key) -> None:
    scene.schema.journal.assign(thing, "key", key)
    if effect.object.kind == "index" and effect.by is not None and effect.by.kind == "constraint":
        owner = scene.made.get(effect.by.key) or scene.schema.find(effect.by)
    else:
        owner = scene.schema.find(key.on) if key.on else None
    if owner is not None and thing.owner is not owner:
        scene.schema.belongs(thing, owner)
    if key.is_primary and owner is not None and effect.object.kind == "constraint":
        _check_only_key(scene, thing, effect, owner)
    lacking = [name for name in owner.partition_key if name not in key.columns] if owner is not None else []
    if key.is_unique and key.columns and lacking and owner is not None and thing.is_certain:
        scene.clash(Trouble.WITHOUT_PARTITION_KEY, effect, other=made(owner), reason=f"column {lacking[0]}")
    if key.refers is not None and thing.is_certain:
        _check_foreign_key(scene, thing, effect, key)


def _check_only_key(scene: Scene, primary: Thing, effect: Effect, table: Thing) -> None:
    """A table has one primary key."""
    others = [part for part in table.parts if part is not primary and part.named.kind == "constraint"]
    first = next((other for other in others if other.key and other.key.is_primary), None)
    if first is not None and primary.is_certain and scene.is_there_for_sure(first):
        reason = "and its table has a primary key already"
        scene.clash(Trouble.EXISTS, effect, other=made(first), reason=reason)


def _check_foreign_key(scene: Scene, constraint: Thing, effect: Effect, key: Key) -> None:
    assert key.refers is not None
    schema = scene.schema
    table = schema.find(key.refers, effect.also_in)
    if table is None:
        return
    columns = foreign_keys.referred_columns(key, table)
    unique = foreign_keys.unique_keys(columns, table)
    if columns and len(columns) != len(key.columns):
        if _are_there(schema, table, columns) and (key.referred or not schema.blind):
            scene.clash(Trouble.OTHER_COUNT, effect, other=made(table))
        return
    if unique:  # one that names no columns refers to the primary key
        meant = [] if key.referred else [each for each in unique if each.key and each.key.is_primary]
        schema.needs(constraint, (meant or unique)[0])
    elif not foreign_keys.may_have_others(table) and not schema.blind and _are_there(schema, table, columns):
        scene.clash(Trouble.NOT_UNIQUE, effect, other=made(table))
    for type_, referred, other in foreign_keys.types_of(key, columns, schema):
        if not foreign_keys.can_refer(type_, other):
            column = Made(Named("column", (*table.named.path, referred)), table.made_in, None)
            scene.clash(Trouble.OTHER_TYPE, effect, other=column, types=(type_, other))


def _are_there(schema: Schema, table: Thing, columns: tuple[str, ...]) -> bool:
    found = (schema.find(Named("column", (*table.named.path, column))) for column in columns)
    return all(thing is not None and thing.is_certain for thing in found)


def _describe_relation(scene: Scene, thing: Thing, shape: Shape) -> None:
    scene.schema.journal.assign(thing, "partition_key", shape.partition_key)
    for named in shape.parents:
        if parent := scene.schema.find(named):
            scene.schema.journal.put(thing.parents, parent, None)
    if shape.is_partition:
        scene.schema.belongs(thing, scene.schema.find(shape.parents[0]))
    for named in shape.copies:
        scene.schema.journal.assign(thing, "has_hidden_parts", True)
        copy_columns(scene, thing, scene.schema.find(named))


def copy_columns(scene: Scene, thing: Thing, source: Thing | None, *, is_typed: bool = True) -> None:
    """LIKE and ``*``: the columns that the other relation has now."""
    schema = scene.schema
    if source is None or schema.blind or not schema.has_known_columns(source):
        schema.journal.assign(thing, "is_known", False)
        scene.replacing.pop(thing, None)
    for column in schema.columns(source) if source is not None else ():
        name, type_ = column.named.path[-1], column.type if is_typed else ""
        replace_column(scene, thing, name, type_)
        named = Named("column", (*thing.named.path, name))
        if named.key not in schema.things:
            copy = schema.add(thing.made_by, named, scene.migration, is_certain=column.is_certain, is_known=True)
            schema.journal.assign(copy, "type", type_)


#: What an extension may bring of which nobody knows.
_ANYTHING = frozenset({"relation", "type", "routine", "schema", "extension", "operator class"})


def _bring(scene: Scene, extension: Thing, effect: Effect) -> None:
    """What an extension brings; of one that is not known, it can be anything."""
    schema = scene.schema
    if effect.cascade or extension.named.path[0] not in extensions():
        schema.journal.assign(schema, "brought", _ANYTHING)
    for named in brought_by(effect):
        if named.key not in schema.things:
            thing = schema.add(effect, named, scene.migration, is_certain=extension.is_certain, is_known=False)
            schema.belongs(thing, extension)


def _is_automatic(effect: Effect) -> bool:
    """Whether PostgreSQL chooses the name."""
    if isinstance(effect.detail, Key):
        return effect.detail.is_automatic
    return isinstance(effect.detail, Owned) and effect.detail.is_automatic


def _free_name(scene: Scene, effect: Effect) -> tuple[Named, bool]:
    """The name with the first number behind it that is free, and whether those before it are taken for sure.

    The index of a constraint is called as that is.
    """
    named, by = effect.object, effect.by
    if named.kind == "index" and by is not None and by.key in scene.made:
        constraint = scene.made[by.key]
        return Named("index", (named.path[0], constraint.named.path[-1])), constraint.is_certain
    has_index = isinstance(effect.detail, Key) and effect.detail.has_index
    free, number, is_known = named, 0, True
    while holders := scene.schema.holders(free, as_index=has_index):
        is_known = is_known and any(map(scene.is_there_for_sure, holders))
        number += 1
        free = Named(named.kind, (*named.path[:-1], f"{named.path[-1]}{number}"))
    return free, is_known
