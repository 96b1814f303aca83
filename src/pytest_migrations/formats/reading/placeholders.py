"""Placeholders in SQL, filled in with ini ``migrations_placeholders`` and with what a format knows by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from pytest_migrations.errors import Place
    from pytest_migrations.migration import Script


def filled_in(script: Script, pattern: re.Pattern[str], values: Mapping[str, str]) -> str:
    """The text of a script with the value of each placeholder in its place; its lines stay where they are.

    :param pattern: what a placeholder looks like; ``values`` has it under what its group ``name`` holds.
    :raises UserError: for one that has no value.
    """

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in values:
            raise no_value(script.place(match.start()), match[0], name)
        return values[name]

    return pattern.sub(value, script.text)


def no_value(place: Place, shown: str, name: str, or_else: str = "") -> UserError:
    """The error of a placeholder, ``shown`` at a place, that has no value; ``or_else`` says what else helps."""
    remedy = f"Give it one in the ini file, under migrations_placeholders: {name} = value{or_else}."
    return UserError.at(place, f"{shown} has no value", remedy)
