"""PostgreSQL's own grammar (libpg_query by postgast): splits scripts, finds comments and syntax errors.

Nothing else in the project imports postgast. libpg_query counts bytes for statements and tokens and characters for
errors; all that leaves this module is in characters.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import postgast
from google.protobuf.message import DecodeError
from postgast.errors import check_error
from postgast.native import lib

from pytest_migrations.migration import Statement
from pytest_migrations.sql.creations import created_by
from pytest_migrations.sql.needs import needed_by
from pytest_migrations.sql.traits import enum_name, traits_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.migration import Script

_LINE_COMMENT = 275  # SQL_COMMENT of pg_query.proto
_BLOCK_COMMENT = 276  # C_COMMENT


@dataclass(frozen=True)
class Comment:
    """A comment outside of strings and quoted bodies; ``offset`` counts characters from 0."""

    offset: int
    text: str


class UnfinishedError(Exception):
    """A string, quoted body, quoted name or comment that never ends; ``offset`` is where it begins."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def line_comments(text: str) -> Iterator[Comment]:
    """The ``--`` comments of SQL text that are really comments, not parts of strings or function bodies.

    :raises UnfinishedError: where a string or comment before them never ends.
    """
    return (comment for comment in comments(text) if comment.text.startswith("--"))


def comments(text: str) -> Iterator[Comment]:
    """All of them, as ``line_comments`` gives those of one line."""
    try:
        tokens = postgast.scan(text).tokens
    except postgast.PgQueryError as error:
        raise UnfinishedError(str(error), max(error.cursorpos - 1, 0)) from None
    characters = _Characters(text)
    for token in tokens:
        start, end = characters.at(token.start), characters.at(token.end)
        if token.token in (_LINE_COMMENT, _BLOCK_COMMENT):
            yield Comment(start, text[start:end])


@lru_cache(maxsize=8192)
def statements(script: Script) -> tuple[Statement, ...]:
    """The statements of a script in order, each with its exact text and place.

    A script that the grammar rejects comes back as one piece without a kind: the server judges it. One that holds
    nothing but blanks and comments has no statements.
    """
    try:
        parsed = postgast.parse(script.text)
    except postgast.PgQueryError:
        return _whole(script)
    except DecodeError:
        return _one_by_one(script)
    return tuple(_split(script, parsed.stmts))


def nearest_statement(script: Script, number: int | None = None) -> Statement:
    """The statement of that number, from 0; the last one where there are fewer, or where None is asked for.

    Of a script without statements it is an empty one at its beginning, so that an error has a place.
    """
    commands = statements(script)
    if not commands:
        return Statement(script, 0, "")
    return commands[-1 if number is None else min(number, len(commands) - 1)]


class SyntaxMistakeError(Exception):
    """What PostgreSQL's grammar does not understand; ``offset`` counts characters from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Tree(NamedTuple):
    """The parse tree of a statement as plain data: the grammar's name of it (``CreateStmt``) and its fields.

    It begins at ``location`` and ends before ``end``. These and the locations within ``node`` count bytes of the text,
    as libpg_query does: ``Bytes`` turns them into characters.
    """

    kind: str
    node: dict[str, Any]
    location: int
    end: int


def trees(text: str) -> list[Tree]:
    """The parse trees of a text's statements, several times as fast to walk as those in protobuf.

    :raises SyntaxMistakeError: where the grammar rejects it.
    :raises RecursionError: where it is nested too deeply to be walked.
    """
    sent = text.encode()
    result = lib.pg_query_parse(sent)
    try:
        check_error(result)
        parsed = json.loads(result.parse_tree)
    except postgast.PgQueryError as error:
        raise SyntaxMistakeError(str(error), max(error.cursorpos - 1, 0)) from None
    finally:
        lib.pg_query_free_parse_result(result)
    return [
        Tree(kind, node, start, start + raw["stmt_len"] if "stmt_len" in raw else len(sent))
        for raw in parsed["stmts"]
        for start in (raw.get("stmt_location", 0),)
        for kind, node in raw.get("stmt", {}).items()
    ]


def sql_of(expression: dict[str, Any]) -> str:
    """The SQL of an expression by its parse tree, which may be any part of what ``trees`` gives.

    :raises SyntaxMistakeError: where the grammar cannot write it.
    """
    from google.protobuf import json_format  # noqa: PLC0415 (few need it)

    query = {"targetList": [{"ResTarget": {"val": expression}}], "limitOption": "LIMIT_OPTION_DEFAULT"}
    tree = {"stmts": [{"stmt": {"SelectStmt": {**query, "op": "SETOP_NONE"}}}]}
    try:
        parsed = json_format.ParseDict(tree, postgast.pg_query_pb2.ParseResult())
        return str(postgast.deparse(parsed)).removeprefix("SELECT ")
    except (postgast.PgQueryError, json_format.ParseError, RecursionError) as error:
        raise SyntaxMistakeError(str(error), 0) from None


def block_tree(statement: str) -> dict[str, Any]:
    """What PL/pgSQL makes of a DO block or of a CREATE FUNCTION ... AS: that one statement and nothing else.

    :raises SyntaxMistakeError: where it does not understand it.
    """
    result = lib.pg_query_parse_plpgsql(statement.encode())
    try:
        check_error(result)
        # For each variable of a trigger (TG_OP and so on) libpg_query writes a brace too many.
        text = result.plpgsql_funcs.decode().replace(",{}},", ",{},").replace(",{}},", ",{},")
        functions = json.loads(text)
    except (postgast.PgQueryError, ValueError, RecursionError) as error:
        raise SyntaxMistakeError(str(error), 0) from None
    finally:
        lib.pg_query_free_plpgsql_parse_result(result)
    return dict(functions[0].get("PLpgSQL_function", {})) if functions else {}


def tree_of(statement: Statement) -> Any:
    """The grammar's node of a statement that has a ``kind``, parsed anew, since a history keeps none."""
    return getattr(postgast.parse(statement.text).stmts[0].stmt, statement.kind)


def within(node: Any) -> Iterator[tuple[str, Any]]:
    """The nodes below a node, at any depth, each with what the one above it calls it."""
    for field, value in node.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for child in (value,) if hasattr(value, "ListFields") else value:
                yield field.name, child
                yield from within(child)


_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")


@lru_cache(maxsize=8192)
def quoted(name: str) -> str:
    """A name as SQL needs it: in quotes only where it has to be (PostgreSQL's quote_ident)."""
    if _PLAIN_NAME.fullmatch(name):
        (token,) = postgast.scan(name).tokens
        if enum_name(token, "keyword_kind") in ("NO_KEYWORD", "UNRESERVED_KEYWORD"):
            return name
    return '"' + name.replace('"', '""') + '"'


def does_nothing(script: Script) -> bool:
    """Whether nothing happens when the script runs: it has no statements, or is a program of which that can be seen."""
    return not statements(script) if script.program is None else script.program.does_nothing


def _split(script: Script, raw_statements: Any) -> Iterator[Statement]:
    text = script.text
    characters = _Characters(text)
    for raw in raw_statements:
        start = characters.at(raw.stmt_location)
        end = characters.at(raw.stmt_location + raw.stmt_len) if raw.stmt_len else len(text)
        start = _skip_blanks(text, start, end)
        kind = raw.stmt.WhichOneof("node") or ""
        node = getattr(raw.stmt, kind) if kind else None
        statement = _without_trailing_comments(text, start, end)
        yield Statement(
            script,
            start,
            statement,
            kind,
            traits_of(kind, node),
            created_by(kind, node),
            needed_by(kind, node, statement),
        )


def _one_by_one(script: Script) -> tuple[Statement, ...]:
    """The statements of a script of which one is nested more deeply than protobuf reads: each is parsed alone.

    Of the one that is, no more is known than where it is and its kind.
    """
    try:
        found = trees(script.text)
    except RecursionError:
        return _whole(script)
    characters, text = _Characters(script.text), script.text
    made = []
    for tree in found:
        start, end = characters.at(tree.location), characters.at(tree.end)
        start = _skip_blanks(text, start, end)
        statement = Statement(script, start, _without_trailing_comments(text, start, end), _snake_case(tree.kind))
        try:
            (raw,) = postgast.parse(statement.text).stmts
        except DecodeError:
            made.append(statement)
            continue
        kind = raw.stmt.WhichOneof("node")
        node = getattr(raw.stmt, kind)
        creates, needs = created_by(kind, node), needed_by(kind, node, statement.text)
        made.append(replace(statement, kind=kind, traits=traits_of(kind, node), creates=creates, needs=needs))
    return tuple(made)


def _snake_case(name: str) -> str:
    """The name of a field of pg_query.proto by that of its message: ``create_stmt`` for ``CreateStmt``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _whole(script: Script) -> tuple[Statement, ...]:
    start = _skip_blanks(script.text, 0, len(script.text))
    rest = script.text[start:].rstrip()
    return (Statement(script, start, rest),) if rest else ()


#: A comment ends at a carriage return as well (non_newline of PostgreSQL's scan.l).
_BLANKS = re.compile(r"(?:\s+|--[^\r\n]*)+")
_LAST_LINE = re.compile(r"[\r\n]")
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def _skip_blanks(text: str, start: int, end: int) -> int:
    """The offset of the first character of the statement itself, behind blanks and (nested) comments."""
    while start < end:
        if blanks := _BLANKS.match(text, start, end):
            start = blanks.end()
        elif text.startswith("/*", start):
            depth = 0
            for edge in _COMMENT_EDGE.finditer(text, start, end):
                depth += 1 if edge.group() == "/*" else -1
                if depth == 0:
                    start = edge.end()
                    break
            else:
                return end
        else:
            return start
    return end


def _without_trailing_comments(text: str, start: int, end: int) -> str:
    """The statement without blanks and comments before its semicolon, or before the end of the script."""
    statement = text[start:end].rstrip()
    if not (statement.endswith("*/") or "--" in _LAST_LINE.split(statement)[-1]):
        return statement
    tokens = [t for t in postgast.scan(statement).tokens if t.token not in (_LINE_COMMENT, _BLOCK_COMMENT)]
    return statement.encode()[: tokens[-1].end].decode() if tokens else statement


class Bytes:
    """Turns offsets in bytes of a text into offsets in characters."""

    def __init__(self, text: str) -> None:
        self._bytes = None if text.isascii() else text.encode()

    def characters(self, byte: int) -> int:
        """How many characters the first ``byte`` bytes are."""
        return byte if self._bytes is None else len(self._bytes[:byte].decode(errors="ignore"))


class _Characters:
    """Turns ascending byte offsets into character offsets, in one pass over the text."""

    def __init__(self, text: str) -> None:
        self._bytes = None if text.isascii() else text.encode()
        self._byte = self._character = 0

    def at(self, byte: int) -> int:
        if self._bytes is None:
            return byte
        if byte < self._byte:
            self._byte = self._character = 0
        self._character += len(self._bytes[self._byte : byte].decode())
        self._byte = byte
        return self._character
