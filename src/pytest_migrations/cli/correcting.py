"""Shows what is to change in the ledger, asks, and changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pytest_migrations.cli import output
from pytest_migrations.errors import UserError
from pytest_migrations.operations.correction import Correction, correct
from pytest_migrations.operations.session import Limits, Session, working_on

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_migrations.operations.target import Target

    Plan = tuple[list[Correction], list[str]]


def yes_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--yes``: the command gets ``yes``."""
    return click.option("--yes", "-y", is_flag=True, help="Do not ask.")(command)


def correct_if_wanted(target: Target, plan: Callable[[Session], Plan], *, yes: bool, as_json: bool) -> None:
    """Make the changes that are planned, if the user wants them.

    Without a terminal to ask in, or with ``--json``, they are made with ``--yes`` only. Nobody waits for the answer: it
    is asked for without the lock, and what is planned then has to be what was shown.
    """
    with working_on(target, Limits()) as session:
        corrections, left = plan(session)
        if yes and corrections:
            correct(session, corrections)
    if as_json:
        changes = [correction.text for correction in corrections]
        output.as_json({"changes": changes, "made": yes and bool(changes), "left": left})
        return
    for line in left:
        output.line(line)
    if corrections:
        output.line(f"In the ledger {'.'.join(target.ledger)}, and nowhere else:")
        for correction in corrections:
            output.line(f"  {correction.text}")
        if yes or _make_if_wanted(target, plan, corrections):
            output.line(f"Done: {output.count(len(corrections), 'change')}.")
    elif not left:
        output.line("Nothing to change: the ledger says so already.")


def _make_if_wanted(target: Target, plan: Callable[[Session], Plan], shown: Sequence[Correction]) -> bool:
    if not output.in_terminal():
        raise click.UsageError("Nothing was changed. To change it without being asked, say --yes.")
    if not click.confirm("Change it?"):
        output.line("Nothing was changed.")
        return False
    with working_on(target, Limits()) as session:
        corrections, _ = plan(session)
        if [correction.text for correction in corrections] != [correction.text for correction in shown]:
            raise UserError("The ledger has changed meanwhile. Nothing was changed: try again.")
        correct(session, corrections)
    return True
