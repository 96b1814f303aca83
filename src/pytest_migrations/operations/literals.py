"""Values as literals of SQL, in a database that may not have all characters."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any

from psycopg.pq import Escaping

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import psycopg


def literals_of(connection: psycopg.Connection[Any]) -> Callable[[str | float | datetime | None], str]:
    """What makes literals for this session; a character that the database's encoding lacks becomes its escape."""
    escape = Escaping(connection.pgconn).escape_literal
    encoding = _encoding_of(connection)

    def literal(value: str | float | datetime | None) -> str:
        if value is None:
            return "NULL"
        text = str(value)
        if encoding is not None:
            text = text.encode(encoding, "backslashreplace").decode(encoding)
        return escape(text.encode()).decode()

    return literal


def lacking(connection: psycopg.Connection[Any], text: str) -> str:
    """The characters of a text that the database's encoding lacks."""
    encoding = _encoding_of(connection)
    return "" if encoding is None else "".join(c for c in text if not c.encode(encoding, "ignore"))


def _encoding_of(connection: psycopg.Connection[Any]) -> str | None:
    """The database's encoding, by Python's name; None where it has all characters, or Python does not know it."""
    name = connection.info.parameter_status("server_encoding")
    if name in (None, "UTF8", "SQL_ASCII"):
        return None
    try:
        return codecs.lookup(re.sub(r"^WIN(?=\d)", "cp", name.replace("KOI8", "koi8_"))).name
    except LookupError:
        return None
