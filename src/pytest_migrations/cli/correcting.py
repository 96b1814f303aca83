"""Shows what is to change in the ledger, asks, and changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pytest_migrations.cli import output
from pytest_migrations.operations.correction import correct

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_migrations.operations.correction import Correction
    from pytest_migrations.operations.session import Session


def yes_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--yes``: the command gets ``yes``."""
    return click.option("--yes", "-y", is_flag=True, help="Do not ask.")(command)


def correct_if_wanted(
    session: Session, corrections: Sequence[Correction], *, yes: bool, as_json: bool, left: Sequence[str] = ()
) -> None:
    """Make the changes if the user wants them; without a terminal to ask in, or with ``--json``, only with ``--yes``.

    ``left`` is what has to be told besides: what only a person can decide.
    """
    if as_json:
        if yes and corrections:
            correct(session, corrections)
        changes = [correction.text for correction in corrections]
        output.as_json({"changes": changes, "made": yes and bool(changes), "left": list(left)})
        return
    for line in left:
        output.line(line)
    if not corrections and left:
        return
    if not corrections:
        output.line("Nothing to change: the ledger says so already.")
        return
    output.line(f"In the ledger {session.ledger}, and nowhere else:")
    for correction in corrections:
        output.line(f"  {correction.text}")
    if not yes:
        if not output.in_terminal():
            raise click.UsageError("Nothing was changed. To change it without being asked, say --yes.")
        click.confirm("Change it?", abort=True)
    correct(session, corrections)
    output.line(f"Done: {output.count(len(corrections), 'change')}.")
