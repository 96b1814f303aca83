"""Values for the places of a template: names, texts and pieces of SQL, each written as PostgreSQL reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pytest_migrations.migration import Script
from pytest_migrations.sql.grammar import statements

_PART = re.compile(r'"(?:[^"]|"")+"|[^".]+')
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
#: NAMEDATALEN - 1; PostgreSQL would cut it itself, and say so only in a notice.
_LONGEST_NAME = 63


@dataclass(frozen=True)
class Name:
    """The name of an object, perhaps with its schema: ``str`` quotes it where it has to be."""

    parts: tuple[str, ...]

    @classmethod
    def parsed(cls, text: str) -> Name:
        """As it would be typed in SQL; what could not be typed without quotes is taken to have them."""
        parts = _PART.findall(text) if re.fullmatch(rf"(?:{_PART.pattern})(?:\.(?:{_PART.pattern}))*", text) else [text]
        return cls(tuple(map(_unquoted, parts)))

    @classmethod
    def derived(cls, text: str) -> Name:
        """A name that was made of others, no longer than PostgreSQL allows."""
        end = text.encode()[-_LONGEST_NAME:]
        return cls((end.decode(errors="ignore").lstrip("_"),))

    def __str__(self) -> str:
        return ".".join(map(_quoted, self.parts))

    @property
    def last(self) -> str:
        return self.parts[-1]

    @property
    def schema(self) -> str:
        """What stands before the name itself, with its dot; empty where there is nothing."""
        return "".join(f"{_quoted(part)}." for part in self.parts[:-1])


def literal(text: str) -> str:
    """A text as SQL has it in quotes."""
    return "'{}'".format(text.replace("'", "''"))


def _unquoted(part: str) -> str:
    if part.startswith('"'):
        return part[1:-1].replace('""', '"')
    return part.lower() if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]*", part) else part


def _quoted(part: str) -> str:
    if _PLAIN.fullmatch(part) and _may_stand_alone(part):
        return part
    return '"{}"'.format(part.replace('"', '""'))


def _may_stand_alone(word: str) -> bool:
    """Whether it is no word of SQL that is reserved."""
    text = f"CREATE TABLE {word} ({word} int)"
    return bool(statements(Script(Path(), text, text))[0].kind)
