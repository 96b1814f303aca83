"""Pages of rows in PostgreSQL's own text form, twice as fast for it as JSON, and read where they differ.

A row is a record as in ``(index,public.i,"a b",,t)`` (PostgreSQL docs 8.16.6, "Composite Type Input and Output
Syntax").
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import adapters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import psycopg

_BOOL, _JSON = 16, 114
_FIELD = re.compile(r'(?:"((?:[^"\\]|\\.|"")*)"|([^,()"\\]*))([,)])', re.DOTALL)
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)', re.DOTALL)
_ESCAPED = re.compile(r'\\(.)|""', re.DOTALL)


class Heading(NamedTuple):
    """The names of a page's columns and the OIDs of their types."""

    names: tuple[str, ...]
    types: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Page:
    """The rows of one kind: by the relation that they are part of, or all of them as those of 0."""

    heading: Heading
    rows: Mapping[int, bytes]

    def __eq__(self, other: object) -> bool:
        """Whether the same rows are on both; a relation made anew has another OID."""
        if not isinstance(other, Page):
            return NotImplemented
        return self.rows == other.rows or set(self.rows.values()) == set(other.rows.values())

    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows: text, bool, list and JSON values, or None, by the column's name."""
        return (row for relation in self.rows for row in self.of(relation))

    def of(self, relation: int) -> Iterator[dict[str, Any]]:
        """The rows of one relation."""
        decoders = [_decoder(oid) for oid in self.heading.types]
        text = self.rows[relation].decode(errors="surrogateescape")
        position = 0
        while position < len(text):
            values = []
            for decode in decoders:
                position += 1  # the parenthesis or comma before the field
                field = _FIELD.match(text, position)
                if field is None:
                    raise ValueError(f"no record at {position}: {text[position : position + 80]!r}")
                value = field[2] or None if field[1] is None else _ESCAPED.sub(lambda m: m[1] or '"', field[1])
                values.append(None if value is None else decode(value))
                position = field.end() - 1
            position += 1
            yield dict(zip(self.heading.names, values, strict=True))


def heading(connection: psycopg.Connection[Any], query: str) -> Heading:
    """What a query's rows are; the server is asked, and does not run it."""
    connection.pgconn.prepare(b"", query.encode())
    described = connection.pgconn.describe_prepared(b"")
    columns = range(described.nfields)
    return Heading(
        tuple((described.fname(column) or b"").decode() for column in columns),
        tuple(described.ftype(column) for column in columns),
    )


def _decoder(oid: int) -> Callable[[str], Any]:
    if oid == _BOOL:
        return "t".__eq__
    if oid == _JSON:
        return json.loads
    known = adapters.types.get(oid)
    if known is not None and known.array_oid == oid:
        return _elements
    return str


def _elements(value: str) -> list[str | None]:
    return [
        None if bare == "NULL" else bare or _ESCAPED.sub(lambda m: m[1] or '"', quoted)
        for quoted, bare in _ELEMENT.findall(value)
    ]
