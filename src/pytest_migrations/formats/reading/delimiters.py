"""Statements that end in something else than a semicolon, as some tools let them."""

from __future__ import annotations

import re

_QUOTED = r"'[^']*'|\"[^\"]*\"|`[^`]*`"
_DOLLAR_QUOTED = r"(?P<dollar>\$(?:[^\W\d]\w*)?\$).*?(?P=dollar)"
_COMMENT = r"--[^\n]*|/\*.*?\*/"


def with_semicolons(text: str, delimiter: str) -> str:
    """``text`` with a semicolon where ``delimiter`` (a regular expression) ends a statement: not in quotes or brackets.

    Each line keeps its place, and what stands before a delimiter its column.
    """
    token = re.compile(
        rf"{_QUOTED}|(?P<open>\()|(?P<close>\))|(?P<delimiter>{delimiter})|{_DOLLAR_QUOTED}|{_COMMENT}",
        re.DOTALL | re.IGNORECASE | re.MULTILINE,
    )
    parts, behind, depth = [], 0, 0
    for match in token.finditer(text):
        if match["open"]:
            depth += 1
        elif match["close"]:
            depth -= 1
        elif match["delimiter"] and depth <= 0:
            parts += [text[behind : match.start()], _semicolon(match["delimiter"])]
            behind, depth = match.end(), 0
    return "".join([*parts, text[behind:]])


def _semicolon(delimiter: str) -> str:
    blank = re.sub(r"[^\r\n]", " ", delimiter)
    return ";" + (blank.removeprefix(" "))
