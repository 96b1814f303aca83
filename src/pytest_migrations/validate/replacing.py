"""CREATE OR REPLACE VIEW: the columns that there are have to stay as they are, and new ones come behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.scene import made

if TYPE_CHECKING:
    from pytest_migrations.effects import Effect
    from pytest_migrations.validate.scene import Scene
    from pytest_migrations.validate.thing import Thing


def replace_view(scene: Scene, effect: Effect, view: Thing) -> None:
    """Begin: from now on each new column is compared with the one in its place."""
    if scene.is_there_for_sure(view) and scene.schema.has_known_columns(view):
        scene.replacing[view] = (effect, scene.schema.columns(view))


def replace_column(scene: Scene, view: Thing | None, name: str, type_: str) -> None:
    """Compare the next column with what was there in its place."""
    if view not in scene.replacing or not scene.replacing[view][1]:
        return
    old = scene.replacing[view][1].pop(0)
    known = old.named.path[-1]
    if known != name:
        _clash(scene, view, f"its column {known} is called {name} here")
    elif _differ(old.type, type_) and not scene.schema.blind:
        _clash(scene, view, f"its column {known} is of type {type_} here, and {old.type} before")


def end_replacing(scene: Scene) -> None:
    """At the end of the statement none of the columns may be left."""
    for view, (_, columns) in list(scene.replacing.items()):
        if columns:
            _clash(scene, view, f"its column {columns[0].named.path[-1]} is left out here")


def _clash(scene: Scene, view: Thing, reason: str) -> None:
    effect, _ = scene.replacing.pop(view)
    scene.clash(Trouble.CANNOT_REPLACE, effect, other=made(view), reason=reason)
    scene.schema.journal.assign(view, "is_known", False)


def _differ(old: str, new: str) -> bool:
    """Whether they are two types of PostgreSQL; the name of one's own may have been taken to be in another schema."""
    return old != new and all(type_ and "." not in type_ for type_ in (old, new))
