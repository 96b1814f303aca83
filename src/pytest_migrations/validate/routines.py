"""Routines, which are told from others of their name by their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Condition, Signature
from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.scene import made

if TYPE_CHECKING:
    from pytest_migrations.effects import Effect
    from pytest_migrations.validate.scene import Scene
    from pytest_migrations.validate.thing import Thing


def create_routine(scene: Scene, effect: Effect, signature: Signature, *, is_certain: bool) -> Thing | None:
    """Put it there, unless one of its name and arguments is."""
    arguments = signature.arguments or ()
    routine = scene.schema.things.get(effect.object.key)
    if routine is None:
        routine = scene.schema.add(effect, effect.object, scene.migration, is_certain=is_certain, is_known=True)
    elif arguments in routine.signatures:
        is_there = is_certain and scene.is_there_for_sure(routine)
        if Condition.OR_REPLACE not in effect.condition:
            if is_there:
                scene.clash(Trouble.EXISTS, effect, other=made(routine))
            return None
        before = routine.signatures[arguments]
        reason = _change(before.detail, signature) if before and isinstance(before.detail, Signature) else ""
        if reason and is_there:
            scene.clash(Trouble.CANNOT_REPLACE, effect, other=made(routine), reason=reason)
    scene.schema.journal.put(routine.signatures, arguments, effect if is_certain else None)
    return routine


def _change(old: Signature, new: Signature) -> str:
    """What OR REPLACE does not change: the type of the result, and names of parameters that have one."""
    for was, name in zip(old.names, new.names, strict=True):
        if was and was != name:
            return f"its parameter {was} is called {name} here" if name else f"its parameter {was} has no name here"
    is_clear = "." not in old.returns + new.returns  # a name of one's own may have been taken to be in another schema
    if is_clear and old.returns and new.returns and old.returns != new.returns:
        return f"it returns {new.returns} here, and {old.returns} before"
    return ""


def check_ambiguity(scene: Scene, effect: Effect, routine: Thing, *, is_certain: bool) -> None:
    """A name without arguments has to be that of one routine."""
    if not isinstance(effect.detail, Signature) or effect.detail.arguments is not None or not is_certain:
        return
    creations = [creation for creation in routine.signatures.values() if creation is not None]
    meant = [creation for creation in creations if effect.object.kind in (creation.object.kind, "routine")]
    if len(meant) > 1 and scene.is_there_for_sure(routine):
        scene.clash(Trouble.AMBIGUOUS, effect, other=made(routine))
