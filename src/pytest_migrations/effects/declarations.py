"""The tree of a PL/pgSQL body, though what reads it has no catalog.

libpg_query takes each type that is not PostgreSQL's own for one of rows, cannot make arrays of such, and looks up no
type in a schema. Where it stumbles over that, the variables are declared to be of other types, which changes nothing
of what their body does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.builtin import types
from pytest_migrations.sql.grammar import SyntaxMistakeError, block_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What is declared: the head of a function, and the variables of its blocks.
_DECLARED = re.compile(r"\bDECLARE\b.*?\bBEGIN\b|\A\s*CREATE\b.*?\bAS\b", re.DOTALL | re.IGNORECASE)
_DOT = re.compile(r'(?<=[\w"])\.(?=[\w"])')
_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_BLANK = r"(?:\s|--[^\n]*\n|/\*.*?\*/)"
#: A variable, parameter or result behind what comes before it.
_VARIABLE = re.compile(
    rf"(?P<start>(?:\bDECLARE\b|[;(,]){_BLANK}*(?:(?:IN|OUT|INOUT|VARIADIC)\s+)?(?P<name>{_NAME})\s+(?:CONSTANT\s+)?"
    rf"|\bRETURNS\s+(?:SETOF\s+)?)(?P<type>{_NAME}(?:\.{_NAME})*)(?!\s*%\s*TYPE)(?P<row>\s*%\s*ROWTYPE)?"
    r"(?P<array>(?:\s*\[\d*\])*)",
    re.DOTALL | re.IGNORECASE,
)
#: What SQL calls types, and what stands where a type would be.
_OTHER_WORDS = frozenset(
    {
        *("int", "integer", "bigint", "smallint", "real", "float", "double", "decimal", "dec", "boolean", "character"),
        *("nchar", "national", "setof", "table", "alias", "cursor", "scroll", "no", "constant", "not", "as", "for"),
    }
)


def block(statement: str) -> dict[str, Any]:
    """The tree of a DO block, or of a CREATE FUNCTION in PL/pgSQL.

    :raises SyntaxMistakeError: where it is not understood.
    """
    first = None
    for text in _spellings(statement):
        try:
            return block_tree(text)
        except SyntaxMistakeError as mistake:  # noqa: PERF203 (of a few)
            first = first or mistake
    assert first is not None
    raise first


def _spellings(statement: str) -> Iterator[str]:
    yield statement
    yield _without_schemas(statement)
    retyped = _DECLARED.sub(lambda found: _VARIABLE.sub(lambda each: _retyped(each, statement), found[0]), statement)
    yield retyped
    yield _without_schemas(retyped)


def _without_schemas(statement: str) -> str:
    return _DECLARED.sub(lambda found: _DOT.sub("_", found[0]), statement)


def _retyped(variable: re.Match[str], statement: str) -> str:
    """A text where it is of a type that is not known, but for what has fields."""
    if variable["type"].lower() in types() | _OTHER_WORDS:
        return variable[0]
    name, is_array = variable["name"], bool(variable["array"])
    has_fields = name is None or re.search(rf"(?<!\w){re.escape(name)}\s*\.", statement, re.IGNORECASE)
    if not is_array and (variable["row"] or has_fields):
        return variable[0] if name is None else f"{variable['start']}record"
    return f"{variable['start']}text{'[]' * is_array}"
