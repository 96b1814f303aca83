"""Placeholders in SQL, filled in with ini ``migrations_placeholders`` and with what a format knows by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from pytest_migrations.migration import Script


def filled_in(script: Script, pattern: re.Pattern[str], values: Mapping[str, str]) -> str:
    """The text of a script with the value of each placeholder in its place; its lines stay where they are.

    :param pattern: what a placeholder looks like; ``values`` has it under what its group ``name`` holds.
    :raises UserError: for one that has no value.
    """

    def value(match: re.Match[str]) -> str:
        if match["name"] not in values:
            place = script.place(match.start())
            raise UserError(
                f"{place}: {match[0]} has no value\n{place.excerpt()}\n"
                f"Give it one in the ini file:\n\n    migrations_placeholders =\n        {match['name']} = ..."
            )
        return values[match["name"]]

    return pattern.sub(value, script.text)
