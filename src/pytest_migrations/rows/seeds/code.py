"""Rows of the user's own for a version, from Python: SQL text, or functions that are lent a connection."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError
from pytest_migrations.migration import Origin, Program, Script
from pytest_migrations.rows.seeds.files import Seeds
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.psql import only_in_psql

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.errors import Place
    from pytest_migrations.migration import History

_EXAMPLE = 'Return a dict of versions and SQL: {"006": "INSERT INTO ..."}.'
_TAKES = "A seed is SQL text, or a function of a connection."


def seeds_in_code(history: History, given: object, place: Place, whose: str) -> Seeds:
    """What a user's code, which stands at ``place``, gives as a mapping from versions or names of migrations.

    ``whose`` names it in messages: "the fixture migrations_seeds".

    :raises UserError: for what cannot be meant.
    """
    if not isinstance(given, Mapping):
        raise UserError.at(place, f"{whose} gave {_shortly(given)}", _EXAMPLE)
    found: dict[int, Script] = {}
    for version, seed in given.items():
        try:
            position = history.position_of(str(version))
        except LookupError as error:
            raise UserError.at(
                place, f"{whose} has a seed for {version!r}, and {error}", "Take it out, or name another."
            ) from None
        if position in found:
            migration = history.migrations[position - 1].name
            raise UserError.at(place, f"{whose} has two seeds for {migration}", "Make one of them.")
        found[position] = _script(seed, place, f"{whose} has for {version!r}")
    return Seeds({position: (script,) for position, script in sorted(found.items())})


def _script(seed: object, place: Place, whose: str) -> Script:
    if isinstance(seed, str):
        if "\0" in seed:
            raise UserError.at(place, f"{whose} a text with a NUL character", "PostgreSQL takes none: take it out.")
        return _of_text(seed, place, whose)
    if not callable(seed):
        raise UserError.at(place, f"{whose} {_shortly(seed)}", _TAKES)
    if inspect.iscoroutinefunction(inspect.unwrap(seed)):
        raise UserError.at(place, f"{whose} what is async, and would never be awaited", _TAKES)
    try:
        inspect.signature(seed).bind(None)
    except (TypeError, ValueError) as error:
        raise UserError.at(place, f"{whose} a function that cannot be called: {error}", _TAKES) from None
    return _of_function(seed, place)


def _of_text(text: str, place: Place, whose: str) -> Script:
    """Where it stands in the file as it is, each statement has its place; else that of the code, which sends it."""
    file = Script(place.path, place.source, place.source)
    start = file.line_start(place.line)
    if text and (found := place.source.find(text, start)) >= 0:
        return Script(place.path, place.source, text, origins=(Origin(0, file, found, len(text)),))
    commands = statements(Script(place.path, text, text))
    for statement in commands:
        if only := only_in_psql(statement):
            raise UserError.at(place, f"{whose} what no server runs: {only.what}", only.advice)

    def run(connection: psycopg.Connection) -> None:
        for statement in commands:
            connection.execute(statement.text.encode())

    return Script(place.path, place.source, "", program=Program(run, str(place.path), start))


def _of_function(function: Callable[..., Any], place: Place) -> Script:
    def run(connection: psycopg.Connection) -> None:
        function(connection)

    path, source, line = place.path, place.source, place.line
    code = _code(function)
    name = code.co_filename if code else str(path)
    if code and (file := Path(name)) != path and file.is_file():
        path, source = file, file.read_text("utf-8", "replace")
    if code and path == Path(name) and code.co_firstlineno <= source.count("\n") + 1:
        line = code.co_firstlineno
    return Script(path, source, "", program=Program(run, name, Script(path, source, source).line_start(line)))


def _code(function: Any) -> Any:
    """The code behind a function, a method, a partial or an object that can be called; None where there is none."""
    while (inner := getattr(function, "__wrapped__", None) or getattr(function, "func", None)) and callable(inner):
        function = inner
    return getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)


def _shortly(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
