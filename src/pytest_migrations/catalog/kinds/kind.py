"""What a kind of object is: the query that reads all objects of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(r"--\s*((?:from|until) \d+|superuser|not superuser|only)((?:, (?:from|until) \d+)*)\s*$")


@dataclass(frozen=True)
class Reader:
    """Who asks, and which server answers: its major version, and whether the session's user is a superuser."""

    version: int
    superuser: bool


@dataclass(frozen=True)
class Kind:
    """A concept of the catalog.

    ``query`` yields a row per object. Its columns ``kind`` and ``name`` say which (a name as SQL needs it, never an
    OID), ``parent`` is the object without which it cannot be (``table public.users``; text or an array of text), and
    every other column is a fact that is compared, called what a person calls it; null where there is nothing to say.

    A line of the query may end with a mark and is then sent only where that holds: ``-- from 15``, ``-- until 14``,
    ``-- superuser``, ``-- not superuser``, and ``-- only``, where the reader wants certain OIDs (parameter 1): those of
    the objects, or of the relations where the objects are ``parts`` of one.
    """

    name: str
    query: str
    #: Of the whole cluster rather than of one database.
    shared: bool = False
    #: Set where each object is part of a relation and knows of the others only what they are called. The query's first
    #: column, ``relation``, is that one's OID; it is not compared.
    parts: bool = False
    #: Set where the text of an object looks into relations, so that it also depends on which columns they have.
    across: bool = False
    #: The catalogs whose rows the objects are, or certain rows in them (``signs.py``): making, altering or dropping an
    #: object writes there. What other things are called, and what is said of an object, need not be among them.
    written_in: tuple[str, ...] = ()

    def sql(self, reader: Reader, *, only: bool = False) -> str:
        """The query for this reader: all objects, or ``only`` those whose OIDs are in ``$1``."""
        return "\n".join(line for line in self.query.splitlines() if _is_sent(line, reader, only=only))


def _is_sent(line: str, reader: Reader, *, only: bool) -> bool:
    mark = _MARK.search(line)
    if mark is None:
        return True
    conditions = [mark[1], *filter(None, mark[2].split(", "))]
    return all(_holds(condition, reader, only=only) for condition in conditions)


def _holds(condition: str, reader: Reader, *, only: bool) -> bool:
    word, _, number = condition.partition(" ")
    if word == "from":
        return reader.version >= int(number)
    if word == "until":
        return reader.version <= int(number)
    if word == "only":
        return only
    return reader.superuser is (condition == "superuser")
