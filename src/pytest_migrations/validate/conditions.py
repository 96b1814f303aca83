"""Whether an effect happens: the branches of blocks, and IF NOT EXISTS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Condition, Key, Owned, Verb
from pytest_migrations.validate.clash import Made, Trouble

if TYPE_CHECKING:
    from pytest_migrations.effects import Effect, Guard, Named
    from pytest_migrations.validate.scene import Scene


class Branches:
    """Which branches of a statement are taken: what there was when a branch began decides."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._verdicts: dict[int, bool | None] = {}

    def runs(self, effect: Effect) -> bool | None:
        """Whether the effect happens; None where that is not known."""
        verdicts = [self._verdict(guard) for guard in effect.guards]
        if False in verdicts:
            self._tell_of_what_never_runs(effect)
            return False
        return None if None in verdicts else True

    def _verdict(self, guard: Guard) -> bool | None:
        if guard.object is None:
            return None
        if id(guard) not in self._verdicts:
            is_there = self._is_there(guard.object)
            self._verdicts[id(guard)] = None if is_there is None else is_there is guard.is_there
        return self._verdicts[id(guard)]

    def _is_there(self, named: Named) -> bool | None:
        schema = self._scene.schema
        thing = schema.find(named)
        if thing is not None:
            return True if self._scene.is_there_for_sure(thing) else None
        if len(named.path) > 2 and schema.find(named.table) is None and not schema.is_unknown(named.table):
            return False  # part of a table that is not there
        return None if schema.is_unknown(named) else False

    def _tell_of_what_never_runs(self, effect: Effect) -> None:
        """A foreign key or the like that waits for an object that comes only later is never made."""
        if effect.verb is not Verb.CREATE or self._scene.in_rollback:
            return
        for guard in effect.guards:
            if guard.object is not None and guard.is_there and self._verdict(guard) is False:
                later = self._scene.outlook.later(guard.object, self._scene.migration)
                if later is not None:
                    awaited = Made(guard.object, later.migration, later.effect)
                    self._scene.clash(Trouble.NEVER_RUNS, effect, later=later, other=awaited)


def is_skipped(scene: Scene, effect: Effect) -> bool:
    """Whether it is within a CREATE ... IF NOT EXISTS of what is there."""
    if scene.skipped is None or Condition.IF_NOT_EXISTS not in effect.condition:
        return False
    if scene.skipped.kind == "column":  # all that is written at it, up to what comes next
        return not stands_alone(effect)
    on = effect.detail.on if isinstance(effect.detail, Key) else None
    owner = effect.detail.owner if isinstance(effect.detail, Owned) else None
    paths = [named.path for named in (effect.object, effect.by, on, owner) if named is not None]
    return any(path[: len(scene.skipped.path)] == scene.skipped.path for path in paths)


def stands_alone(effect: Effect) -> bool:
    """Whether it makes what is not written at a column: another one, or what has a statement of its own in a block."""
    if effect.verb is not Verb.CREATE or isinstance(effect.detail, Owned):
        return False
    return effect.object.kind == "column" or (effect.by is None and effect.object.kind not in _AT_COLUMNS)


#: What may be written at a column.
_AT_COLUMNS = frozenset({"constraint", "default"})
