"""Names of objects as the facts have them: quoted where they have to be, and with their schemas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = r'(?:"(?:[^"]|"")*"|[^".\s(]+)'
_LAST = re.compile(rf"{_WORD}$")
_PART = re.compile(rf"({_WORD}) on (.+)")
_QUALIFIED = re.compile(rf"({_WORD})\.({_WORD})")
RELATIONS = ("table", "foreign table", "view", "materialized view", "sequence", "index")


class Entry(NamedTuple):
    """An object by what it is called; tables, views, sequences and indexes share their names."""

    kind: str
    name: str


def entry(kind: str, name: str) -> Entry:
    return Entry("relation" if kind in RELATIONS else kind, name)


def entry_in(text: str) -> Entry:
    """The object that is said in one piece: ``table public.users``."""
    for kind in RELATIONS:
        if text.startswith(f"{kind} "):
            return Entry("relation", text[len(kind) + 1 :])
    kind, _, name = text.partition(" ")
    return Entry(kind, name)


def entries_in(value: str | Iterable[str | None] | None) -> list[Entry]:
    """The objects in the facts ``parent`` and ``follows``: a text, or several."""
    if value is None:
        return []
    return [entry_in(text) for text in ([value] if isinstance(value, str) else value) if text]


def dotted(*names: str) -> str:
    """A qualified name as SQL needs it."""
    return ".".join(quoted(name) for name in names)


def part_and_relation(name: str) -> tuple[str, str]:
    """Of ``a on public.t`` the constraint, trigger, rule or policy, and what it is on; the latter empty elsewhere."""
    found = _PART.fullmatch(name)
    return (found[1], found[2]) if found else (name, "")


def bare(name: str) -> str:
    """A qualified name without its schema."""
    found = _QUALIFIED.match(name)
    return found[2] if found else name


def last(name: str) -> str:
    """The last part of a name that may be a column's."""
    found = _LAST.search(name)
    return found[0] if found else name


def schema_of(name: str) -> str:
    """The schema of a qualified name."""
    found = _QUALIFIED.match(name)
    return found[1] if found else ""


def literal(text: str) -> str:
    """A string as SQL needs it, whatever the session says of backslashes."""
    quoted = text.replace("'", "''")
    return "E'" + quoted.replace("\\", "\\\\") + "'" if "\\" in text else f"'{quoted}'"
