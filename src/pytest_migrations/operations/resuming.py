"""Goes on with a script that stopped between two statements, or in the middle of one that no transaction can hold."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError
from pytest_migrations.operations.doubt import settle
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import Script


def rest_of(connection: psycopg.Connection[Any], script: Script, done: int) -> Script:
    """What is left of the script behind so many statements; it stands where it stood.

    What the statement behind them has left, if it ran at all, is put right first.

    :raises UserError: where nobody can say where to go on.
    """
    commands = statements(script)
    if script.program is not None or len(commands) < done:
        raise UserError.at(
            script.start,
            f"it cannot be gone on behind statement {done}" + ("" if script.program is None else " of a program"),
            "Bring the database into one of the two states by hand, and say into which with "
            "`pytest-migrations mark FILE --applied` or `--pending`.",
        )
    if done < len(commands) and not settle(connection, commands[done]):
        done += 1
    if done == 0:
        return script
    end = commands[done - 1].offset + len(commands[done - 1].text)
    return replace(script, text=re.sub(r"[^\n]", " ", script.text[:end]) + script.text[end:])
