"""Pages of rows in PostgreSQL's own text form, twice as fast for it as JSON, and read where they differ.

A page is a line of JSON, the names and types of its columns, and behind it one record a row, as in
``(index,public.i,"a b",,t)`` (PostgreSQL docs 8.16.6, "Composite Type Input and Output Syntax").
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from psycopg import adapters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

_BOOL, _JSON = 16, 114
_FIELD = re.compile(r'(?:"((?:[^"\\]|\\.|"")*)"|([^,()"\\]*))([,)])', re.DOTALL)
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)', re.DOTALL)
_ESCAPED = re.compile(r'\\(.)|""', re.DOTALL)


def heading(connection: psycopg.Connection[Any], query: str) -> bytes:
    """The first line of a page of the query's rows; the server is asked what they are, and does not run it."""
    connection.pgconn.prepare(b"", query.encode())
    described = connection.pgconn.describe_prepared(b"")
    names = [(described.fname(column) or b"").decode() for column in range(described.nfields)]
    return json.dumps([names, [described.ftype(column) for column in range(described.nfields)]]).encode() + b"\n"


def rows_of(page: bytes) -> Iterator[dict[str, Any]]:
    """The rows of a page: text, bool, list and JSON values, or None, by the column's name."""
    first, _, rest = page.partition(b"\n")
    if not first:
        return
    names, types = json.loads(first)
    decoders = [_decoder(oid) for oid in types]
    text = rest.decode(errors="surrogateescape")
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
        yield dict(zip(names, values, strict=True))


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
