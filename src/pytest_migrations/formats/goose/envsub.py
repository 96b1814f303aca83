"""Environment variables in SQL, as goose's ``ENVSUB ON`` expands them (mfridman/interpolate 0.0.2)."""

from __future__ import annotations

import os
import re

_EXPANSION = re.compile(
    r"(?P<kept>\\\\|\$\()"
    r"|(?P<dollar>\\\$|\$\$)"
    r"|\$(?P<plain>[^\W\d_]\w*)"
    r"|\$\{(?P<braced>[^\W\d_]\w*)(?:(?P<operator>:-|-|\?)(?P<argument>[^${}]*))?\}"
    r"|(?P<bad>\$(?=.))"
)


class BadExpansionError(Exception):
    """A ``$`` that cannot be expanded; ``offset`` is where it stands in its line."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def expanded(line: str) -> str:
    r"""The line with its variables filled in; one that is not set is empty, and ``$$`` and ``\$`` are a ``$``.

    ``$NAME``, ``${NAME}``, ``${NAME:-default}``, ``${NAME-default}`` and ``${NAME?message}`` are known. What goose can
    do beyond that, expansions inside of defaults and ``${NAME:1:2}``, is not.

    :raises BadExpansionError: for any other ``$``, and where a variable with ``?`` is not set.
    """
    return _EXPANSION.sub(_value, line)


def _value(match: re.Match[str]) -> str:
    if match["kept"]:
        return match["kept"]
    if match["dollar"]:
        return "$"
    if match["plain"]:
        return os.environ.get(match["plain"], "")
    if match["bad"]:
        raise BadExpansionError("this $ begins no expansion that we know; a $ itself is written $$", match.start())
    return _braced_value(match, os.environ.get(match["braced"]))


def _braced_value(match: re.Match[str], value: str | None) -> str:
    operator, argument = match["operator"], match["argument"] or ""
    if operator == "?" and value is None:
        raise BadExpansionError(f"the environment variable {match['braced']}: {argument or 'not set'}", match.start())
    if (operator == ":-" and not value) or (operator == "-" and value is None):
        return argument
    return value or ""
