"""Checks that a migration waives in its own file: ``-- pytest-migrations: skip roundtrip (why)``."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.formats.reading.folder import mistake, place_in
from pytest_migrations.sql.remarks import remarks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_migrations.errors import Place
    from pytest_migrations.migration import Migration, Script
    from pytest_migrations.sql.grammar import Comment

_SKIP = re.compile(r"(?i:\s*skip)\b\s*(?P<checks>[^()]*?)\s*(?:\((?P<reason>.*)\)\s*)?", re.DOTALL)
_EXAMPLE = "A waiver is written as:  -- pytest-migrations: skip roundtrip (drops a column on purpose)"
#: What cannot be waived, and why.
_NEVER = {
    "apply": "everything behind a migration stands on its being applied",
    "history": "it is about the whole folder: --migrations-baseline can accept it",
}


class Waiver(NamedTuple):
    """A check that is not to fail, why, and where that is said."""

    check: str
    reason: str
    place: Place


def waivers_of(migration: Migration, checks: Collection[str]) -> Iterator[Waiver]:
    """The waivers in a migration's files; ``checks`` are the names that there are.

    :raises UserError: where one has no reason, or names no check that can be waived.
    """
    seen = set()
    for script in migration.scripts:
        # Of a file that holds several migrations only what is this one's.
        text = script.text if migration.part else script.source
        if (script.path, text) not in seen:
            seen.add((script.path, text))
            for remark in remarks(text, python=script.program is not None):
                yield from _read(script, remark, checks)


def _read(script: Script, remark: Comment, checks: Collection[str]) -> Iterator[Waiver]:
    text, start = remark.text, remark.offset
    error = partial(mistake, script.path, script.source)
    skip = _SKIP.fullmatch(text)
    if skip is None:
        raise error(start + len(text) - len(text.lstrip()), "this is no waiver", _EXAMPLE)
    if not (skip["reason"] or "").strip():
        remedy = f"Say in parentheses why the check is not to fail. {_EXAMPLE}"
        raise error(start + len(text.rstrip()), "this waiver has no reason", remedy)
    if not skip["checks"]:
        raise mistake(
            script.path, script.source, start + len(text) - len(text.lstrip()), "this waiver names no check", _EXAMPLE
        )
    for name in re.finditer(r"[^\s,]+", skip["checks"]):
        offset = start + skip.start("checks") + name.start()
        if name[0] in _NEVER:
            raise mistake(
                script.path, script.source, offset, f"{name[0]} cannot be waived", f"{_NEVER[name[0]].capitalize()}."
            )
        if name[0] not in checks:
            known = ", ".join(check for check in checks if check not in _NEVER)
            raise mistake(
                script.path,
                script.source,
                offset,
                f"there is no check {name[0]!r}",
                f"Those that can be waived are {known}.",
            )
        yield Waiver(name[0], skip["reason"].strip(), place_in(script.path, script.source, offset))
