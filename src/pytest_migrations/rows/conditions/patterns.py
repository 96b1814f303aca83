"""Texts that match a pattern of LIKE or a regular expression, the same ones each time."""

from __future__ import annotations

import re
import string
import sys
import warnings
from functools import lru_cache
from random import Random
from typing import Any

if sys.version_info >= (3, 11):
    from re import _parser as parser  # type: ignore[attr-defined]
else:
    import sre_parse as parser

#: From the plain to the odd: the first that a set has is the first that is tried.
_ALPHABET = string.ascii_lowercase + string.digits + string.ascii_uppercase + "_-. /@:" + string.punctuation + "é\n\t"
_REPEATED = (1, 2, 3, 5, 8, 0, 13, 20, 36)
_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9a-fA-F",
    "word": r"\w",
    "print": " -~",
    "graph": "!-~",
}


def like_texts(pattern: str) -> list[str]:
    """Texts that a pattern of LIKE matches."""
    pieces = re.findall(r"\\?.", pattern, re.DOTALL)
    made = []
    for any_number, one in (("a", "a"), ("", "1"), ("abc", "A"), ("1", "-")):
        wild = {"%": any_number, "_": one}
        made.append("".join(wild.get(piece, piece[-1]) for piece in pieces))
    return list(dict.fromkeys(made))


def regex_texts(pattern: str, count: int) -> list[str]:
    """Up to ``count`` texts that a regular expression of PostgreSQL matches, as far as Python reads it the same way."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = parser.parse(python_regex(pattern))
    except (re.error, OverflowError, RecursionError):
        return []
    texts = (_Writer(number).text(parsed) for number in range(count))
    return list(dict.fromkeys(text for text in texts if "\0" not in text))


def python_regex(pattern: str) -> str:
    """A regular expression of PostgreSQL (docs, 9.7.3) as Python writes it."""
    pattern = re.sub(r"^\*\*\*:", "", pattern)
    pattern = re.sub(r"\[\[:[<>]:\]\]|\\[mMy<>]", r"\\b", pattern)
    return re.sub(r"\[:(\w+):\]", lambda found: _CLASSES.get(found[1], ""), pattern)


def similar_to_regex(pattern: str) -> str:
    """A pattern of SIMILAR TO as a regular expression."""
    return re.sub(r"[%_.^$]", lambda found: {"%": ".*", "_": "."}.get(found[0], "\\" + found[0]), pattern)


class _Writer:
    """Writes one of the texts that match: the one with this number."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._random = Random(number)  # noqa: S311 (not for secrets)
        self._groups: dict[int, str] = {}
        self._depth = 0

    def text(self, parsed: Any) -> str:
        return "".join(self._piece(str(operation), argument) for operation, argument in parsed)

    def _piece(self, operation: str, argument: Any) -> str:  # noqa: PLR0911 (a line each)
        if operation == "LITERAL":
            return chr(argument)
        if operation in ("ANY", "NOT_LITERAL", "IN"):
            return self._character(operation, argument)
        if operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, repeated = argument
            return self._repeated(repeated, least, int(most))
        if operation == "BRANCH":
            return self.text(argument[1][self._pick(len(argument[1]))])
        if operation == "SUBPATTERN":
            self._groups[argument[0]] = self.text(argument[3])
            return self._groups[argument[0]]
        if operation == "ATOMIC_GROUP":
            return self.text(argument)
        return self._groups.get(argument, "") if operation == "GROUPREF" else ""

    def _repeated(self, repeated: Any, least: int, most: int) -> str:
        """What is repeated within something that is repeated is short, or the text would grow out of all bounds."""
        longer = _REPEATED[self._number % len(_REPEATED)] if not self._depth else 1 + self._number % 3
        self._depth += 1
        made = "".join(self.text(repeated) for _ in range(min(max(least, longer), most)))
        self._depth -= 1
        return made

    def _character(self, operation: str, argument: Any) -> str:
        if operation == "NOT_LITERAL":
            fitting = _ALPHABET.replace(chr(argument), "")
        elif operation == "ANY":
            fitting = _ALPHABET[:36]
        else:
            fitting = _fitting(tuple(argument))
        return fitting[self._pick(len(fitting))] if fitting else ""

    def _pick(self, choices: int) -> int:
        return self._random.randrange(choices) if self._number else 0


@lru_cache
def _fitting(items: tuple[Any, ...]) -> str:
    """Characters of a set; of one that has none of the alphabet the first that it names."""
    fitting = "".join(character for character in _ALPHABET if _is_in(ord(character), items))
    return fitting or next((chr(what if name == "LITERAL" else what[0]) for name, what in _plain(items)), "")


def _plain(items: Any) -> list[tuple[str, Any]]:
    return [(str(name), what) for name, what in items if str(name) in ("LITERAL", "RANGE")]


def _is_in(code: int, items: Any) -> bool:
    found, wanted = False, True
    for name, what in items:
        kind = str(name)
        if kind == "NEGATE":
            wanted = False
        elif kind == "LITERAL":
            found |= code == what
        elif kind == "RANGE":
            found |= what[0] <= code <= what[1]
        elif kind == "CATEGORY":
            found |= _in_category(chr(code), str(what))
    return found == wanted


def _in_category(character: str, category: str) -> bool:
    plain = category.replace("NOT_", "")
    found = {
        "CATEGORY_DIGIT": character.isdigit(),
        "CATEGORY_SPACE": character.isspace(),
        "CATEGORY_WORD": character.isalnum() or character == "_",
    }.get(plain, False)
    return found == (plain == category)
