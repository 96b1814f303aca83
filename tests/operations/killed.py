"""Runs a command of ours, and kills itself like ``kill -9`` around its Nth statement.

``python -m tests.operations.killed MOMENT N ARGUMENTS...``, where MOMENT is ``begun`` (it is about to be sent), ``ran``
(the server has run it, and the ledger does not know) or ``recorded``.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from pytest_migrations.cli import main
from pytest_migrations.operations.progress import Progress

if TYPE_CHECKING:
    from pytest_migrations.migration import Statement

wanted, number, *arguments = sys.argv[1:]
before, after, begun = Progress.before, Progress.after, 0


def die_at(moment: str) -> None:
    if moment == wanted and begun == int(number):
        os.kill(os.getpid(), signal.SIGKILL)


def before_or_die(self: Progress, statement: Statement) -> None:
    global begun  # noqa: PLW0603 (this is a program of its own)
    begun += 1
    before(self, statement)
    die_at("begun")


def after_or_die(self: Progress, statement: Statement) -> None:
    die_at("ran")
    after(self, statement)
    die_at("recorded")


Progress.before, Progress.after = before_or_die, after_or_die  # type: ignore[method-assign]
main(arguments)
