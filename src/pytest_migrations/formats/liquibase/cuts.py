"""Where Liquibase cuts a changeset into statements (StringUtil.processMultiLineSQL, SimpleSqlGrammar.jj).

It knows no ``$$``: a ``;`` in a function's body ends a statement, unless it stands between BEGIN and END.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.sql.grammar import UnfinishedError, line_comments

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r"--[^\r\n]*|/\*.*?\*/|'(?:''|\\.|[^'\\])*'|\"[^\"]*\"|(?P<word>[$\w@#]+)|(?P<end>;)", re.DOTALL)
_NO_BLOCK = re.compile(r"\s*(?:transaction|trans|tran|dialog|conversation|distributed)\b", re.IGNORECASE)
_NO_BLOCK_END = re.compile(r"\s*(?:transaction|trans|tran)\b", re.IGNORECASE)


def cut_body(sql: str) -> int | None:
    """Where the first quoted body begins that Liquibase cuts in two."""
    pieces = _pieces(sql) if "$" in sql else ()
    return next((start + offset for start, end in pieces if (offset := _unfinished_body(sql[start:end])) >= 0), None)


def _unfinished_body(piece: str) -> int:
    try:
        any(line_comments(piece))
    except UnfinishedError as error:
        return error.offset if "dollar" in str(error) else -1
    return -1


def _pieces(sql: str) -> Iterator[tuple[int, int]]:
    start = depth = 0
    for token in _TOKEN.finditer(sql):
        word = (token["word"] or "").upper()
        if word == "BEGIN" and not _NO_BLOCK.match(sql, token.end()):
            depth += 1
        elif word == "END" and depth and not _NO_BLOCK_END.match(sql, token.end()):
            depth -= 1
        elif token["end"] and not depth:
            yield start, token.start()
            start = token.end()
    yield start, len(sql)
