"""Follows the schema through a history: each migration, and on the spot its rollback, of which nothing is kept."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.effects import Effects, effects_of
from pytest_migrations.validate.acting import act
from pytest_migrations.validate.blindness import Blind
from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.outlook import Outlook
from pytest_migrations.validate.provided import NOTHING, Provided
from pytest_migrations.validate.rollback import compare
from pytest_migrations.validate.scene import Scene
from pytest_migrations.validate.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pytest_migrations.effects import Named
    from pytest_migrations.migration import Migration, Script
    from pytest_migrations.validate.clash import Clash


@dataclass(frozen=True)
class Walk:
    """What was met on the way."""

    clashes: tuple[Clash, ...]
    #: For each migration, by its number, those of which it needs something, and what.
    stands_on: Mapping[int, Mapping[int, Named]]
    #: For each those that have to come before it, since it drops or renames what they use.
    comes_behind: Mapping[int, Collection[int]]
    #: The keys of the routines that were called.
    called: Collection[tuple[str, tuple[str, ...]]]


def walk(
    migrations: Sequence[Migration],
    *,
    ledger: Script | None = None,
    provided: Provided = NOTHING,
    with_rollbacks: bool = True,
) -> Walk:
    """Follow them in this order."""
    schema = Schema(provided)
    schema.blind.extend(Blind(text, sys.maxsize, is_foreign=True) for text in provided.code)
    scene = Scene(schema, Outlook(migrations))
    if ledger is not None and ledger.program is None:
        act(scene, effects_of(ledger), -1)
        scene.clashes.clear()
    for number, migration in enumerate(migrations):
        schema.journal.mark()
        act(scene, effects_of(migration.up), number)
        down = effects_of(migration.down) if with_rollbacks and migration.down else Effects()
        if down.effects:
            _try_rollback(scene, down, number)
    for others in scene.stands_on.values():
        others.pop(-1, None)
    return Walk(tuple(scene.clashes), scene.stands_on, scene.comes_behind, scene.called)


def _try_rollback(scene: Scene, down: Effects, number: int) -> None:
    """Carry it out, compare what it leaves with what there was, and take it back."""
    schema, clashes = scene.schema, scene.clashes
    blind, applied, met = len(schema.blind), len(schema.journal), len(clashes)
    act(scene, down, number, in_rollback=True)
    failures = [clash for clash in clashes[met:] if clash.trouble is not Trouble.NAMES_NOTHING]
    for clash in failures[1:]:  # it ends at the first
        clashes.remove(clash)
    if len(schema.blind) == blind and not failures:
        clashes.extend(compare(schema, number, scene.gone))
    schema.journal.back_to(applied)
    del schema.blind[blind:]
