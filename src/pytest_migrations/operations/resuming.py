"""Goes on with a script that stopped between two statements, or in the middle of one that no transaction can hold."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from pytest_migrations.migration import Script


def rest_of(script: Script, done: int) -> Script:
    """The script without the first so many statements; what is left stands where it stood.

    :raises UserError: where there are not so many, or it is a program: then nobody can say where to go on.
    """
    commands = statements(script)
    if script.program is not None or len(commands) < done:
        raise UserError.at(
            script.start,
            f"it cannot be gone on behind statement {done}" + ("" if script.program is None else " of a program"),
            "Bring the database into one of the two states by hand, and say into which with "
            "`pytest-migrations mark FILE --applied` or `--pending`.",
        )
    end = commands[done - 1].offset + len(commands[done - 1].text)
    blank = re.sub(r"[^\n]", " ", script.text[:end])
    return replace(script, text=blank + script.text[end:])
