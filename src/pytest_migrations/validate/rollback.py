"""Whether a rollback leaves the schema as it was before its migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Named
from pytest_migrations.validate.clash import Clash, Made, Trouble
from pytest_migrations.validate.scene import made

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pytest_migrations.validate.schema import Schema
    from pytest_migrations.validate.thing import Thing

_Key = tuple[str, tuple[str, ...]]
#: What a rollback may leave: others may use an extension or a role, and no enum forgets a value.
_MAY_STAY = frozenset({"extension", "role", "value", "default"})


def compare(schema: Schema, migration: int, gone: Mapping[_Key, Made]) -> Iterator[Clash]:
    """Tell what is other than it was when the journal was marked, before the migration."""
    before = schema.journal.before
    left = [thing for key, was in before.items() if was is None and (thing := schema.things.get(key)) is not None]
    lost = {was: key for key, was in before.items() if was is not None and key not in schema.things}
    for thing in left:
        if _may_have_been(schema, thing) or _is_within(thing, left) or _may_stay(thing):
            continue
        if thing.is_certain and thing.made_by:
            yield Clash(Trouble.LEFT_BEHIND, migration, thing.made_by, in_rollback=True, other=made(thing))
    for thing, key in lost.items():
        by = gone.get(key)
        if thing.is_certain and by and by.effect and not _is_within(thing, lost) and not _may_stay(thing):
            was = Made(Named(thing.named.kind, key[1]), thing.made_in, thing.made_by)  # it may have been renamed
            yield Clash(Trouble.LOST, migration, by.effect, in_rollback=True, other=was)


def _may_have_been(schema: Schema, thing: Thing) -> bool:
    """Whether it is a column of what had columns that are not known."""
    key = thing.named.table.key
    owner = schema.journal.before.get(key, schema.things.get(key))
    return thing.named.kind == "column" and owner is not None and not schema.has_known_columns(owner)


def _may_stay(thing: Thing) -> bool:
    """Whether it is none of the rollback's business, or an index that may go with that of a partitioned table."""
    may_be_of_partition = thing.named.kind == "index" and (thing.owner is None or thing.owner.owner is not None)
    return thing.named.kind in _MAY_STAY or thing.named.path[0] == "pg_temp" or may_be_of_partition


def _is_within(thing: Thing, others: Collection[Thing]) -> bool:
    """Whether what it goes with is among the others, too, or the constraint that an index is for."""
    by = thing.made_by.by if thing.made_by else None
    return any(thing.owner is other or (by is not None and other.named.key == by.key) for other in others)
