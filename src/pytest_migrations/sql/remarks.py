"""Comments in which a migration speaks to us: ``-- pytest-migrations: ...``."""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING

from pytest_migrations.sql.grammar import Comment, UnfinishedError, comments

if TYPE_CHECKING:
    from collections.abc import Iterator

_ADDRESS = r"pytest[-_]migrations[ \t]*:"
_NAMED = re.compile(_ADDRESS, re.IGNORECASE)
#: How a comment of SQL (in the comments of a rollback block, too) or of Python begins that is one.
_BEGINNING = re.compile(rf"(?:--|/\*|#)[\s-]*{_ADDRESS}", re.IGNORECASE)
_LINE = re.compile(rf"^[ \t]*(?:--|#)[ \t-]*{_ADDRESS}[^\r\n]*", re.MULTILINE | re.IGNORECASE)


def remarks(source: str, *, python: bool = False) -> Iterator[Comment]:
    """What stands behind the colon of each; text in strings and quoted bodies is none."""
    for comment in _comments(source, python=python) if _NAMED.search(source) else ():
        if beginning := _BEGINNING.match(comment.text):
            text = comment.text[beginning.end() :].rstrip()
            yield Comment(comment.offset + beginning.end(), text.removesuffix("*/"))


def is_remark(line: str) -> bool:
    """Whether a line is one and nothing else."""
    return _LINE.match(line) is not None


def without_remarks(source: str) -> str:
    """The text without the lines that are remarks and nothing else."""
    return _LINE.sub("", source)


def _comments(source: str, *, python: bool) -> list[Comment]:
    try:
        return list(_python_comments(source) if python else comments(source))
    except (UnfinishedError, tokenize.TokenError, SyntaxError):  # what is wrong with the file is told elsewhere
        return [Comment(match.start(), match[0].lstrip()) for match in _LINE.finditer(source)]


def _python_comments(source: str) -> Iterator[Comment]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Comment(starts[token.start[0] - 1] + token.start[1], token.string)
