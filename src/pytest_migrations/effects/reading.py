"""From a script to its effects."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_migrations.effects.effect import Effects, Mistake, Opaque
from pytest_migrations.effects.reader import Reader
from pytest_migrations.effects.statements import READERS
from pytest_migrations.sql.grammar import SyntaxMistakeError, trees

if TYPE_CHECKING:
    from pytest_migrations.migration import Script


@lru_cache(maxsize=8192)
def effects_of(script: Script) -> Effects:
    """What a script does to the schema, in order, with the places that cannot be read.

    Names are folded and qualified: by the search path that the script sets, else by ``public``. What belongs to
    PostgreSQL itself (pg_catalog, information_schema) is left out. What the grammar rejects, a
    whole script or the body of a statement, is a mistake, and a place that cannot be read.
    """
    if script.program is not None:
        reason = "it is a program: what it does is known when it runs"
        return Effects(opaque=(Opaque(script, 0, script.program.offset, reason),))
    reader = Reader(script, READERS)
    try:
        for number, tree in enumerate(trees(script.text)):
            reader.number = number
            reader.read([tree])
    except SyntaxMistakeError as mistake:
        offset = min(mistake.offset, len(script.text))
        unread = Opaque(script, 0, offset, str(mistake), script.text)
        return Effects(opaque=(unread,), mistakes=(Mistake(script, offset, str(mistake)),))
    except RecursionError:
        reader.cannot_read("it is nested too deeply", reader.start)
    return Effects(tuple(reader.effects), tuple(reader.opaque), tuple(reader.mistakes), tuple(reader.undone))
