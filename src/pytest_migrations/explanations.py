"""What can be explained: rules of validate, checks and SQLSTATEs, each where it is at home."""

from __future__ import annotations

import re
import textwrap
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations import sqlstates
from pytest_migrations.checks import CHECKS, description
from pytest_migrations.errors import UserError
from pytest_migrations.validate.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODE = re.compile(r"[0-9][0-9A-Z]{4}|[A-Z][A-Z0-9][0-9][0-9A-Z]{2}")


class Topic(NamedTuple):
    """Something that can be explained: in a line, and in a text of paragraphs and indented SQL."""

    kind: str
    name: str
    headline: str
    text: str
    #: What else it is called.
    also: str = ""


def topics() -> list[Topic]:
    """All that has a text of its own, by kind and then in its order."""
    return [
        *map(_rule, RULES),
        *map(_check, CHECKS),
        *map(_sqlstate, sqlstates.described()),
    ]


def topic(name: str) -> Topic:
    """What is called so, whatever the case; of a SQLSTATE also by its condition's name.

    :raises UserError: where nothing is, with what is nearly called so.
    """
    known = {_plain(called): each for each in topics() for called in (each.name, each.also) if called}
    if found := known.get(_plain(name)):
        return found
    conditions = {_plain(condition): code for condition, code in sqlstates.names().items()}
    code = conditions.get(_plain(name), name.upper())
    if _CODE.fullmatch(code):
        return _sqlstate(code)
    names = [called for each in topics() for called in (each.name, each.also) if called] + list(sqlstates.names())
    near = get_close_matches(name, dict.fromkeys(names), 3, cutoff=0.6)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    raise UserError(f"Nothing is called {name!r}.{meant} pytest-migrations explain lists what there is.")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _rule(name: str) -> Topic:
    rule = RULES[name]
    examples = (f"{word}:\n\n{_files(files)}" for word, files in (("Fails", rule.bad), ("Works", rule.good)))
    return Topic("rule", name, rule.what, "\n\n".join([rule.why, *examples, f"Do: {rule.remedy}"]))


def _files(files: Mapping[str, str]) -> str:
    """Files of migrations one below the other, each with its name."""
    return textwrap.indent("\n".join(f"-- {name}\n{text}" for name, text in files.items()).rstrip(), "    ")


def _check(name: str) -> Topic:
    return Topic("check", name, *description(name))


def _sqlstate(code: str) -> Topic:
    headline, _, text = sqlstates.description(code).partition("\n\n")
    name = sqlstates.name_of(code)
    return Topic("SQLSTATE", code, headline or _in_general(code, name), text, "" if name == "unknown" else name)


def _in_general(code: str, name: str) -> str:
    """What a code tells of which there is no more to say."""
    in_class = f"class {code[:2]}, {sqlstates.class_of(code)}" if sqlstates.class_of(code) else ""
    if name != "unknown":
        return f"Of {in_class}. The server's message says more."
    if in_class:
        return f"Of {in_class}. PostgreSQL itself has no such code: an extension or the SQL (RAISE) made it up."
    return "PostgreSQL itself has no such code: an extension or the SQL (RAISE ... USING ERRCODE) made it up."
