"""One dry run: the target is read, then a run is rehearsed on its stand-in, by what runs it on the target too."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.failure import MigrationError
from pytest_migrations.operations.dry_run import outside
from pytest_migrations.operations.dry_run.original import read
from pytest_migrations.operations.dry_run.stand_in import stand_in
from pytest_migrations.operations.session import working_on
from pytest_migrations.server import choice
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_migrations.migration import History, Script
    from pytest_migrations.operations.dry_run.original import Original
    from pytest_migrations.operations.dry_run.stand_in import StandIn
    from pytest_migrations.operations.session import Limits, Session
    from pytest_migrations.operations.target import Target


@dataclass(frozen=True)
class DryRun:
    """The target as it was read, and where what is started for it has its folder."""

    original: Original
    limits: Limits
    _run: RunFolder

    def stand_in(self, scripts: Sequence[Script], server: str) -> StandIn:
        """Make the stand-in on which the scripts are to run. ``server`` is what --server says, or "auto".

        :raises UserError: where there is no server for it, or what the scripts do must not be tried.
        """
        is_borrowed = isinstance(choice.choose(choice.ServerOptions(server=server)), choice.External)
        outside.refuse(scripts, is_borrowed=is_borrowed)
        needs = {name for s in scripts for one in statements(s) for kind, name in one.needs if kind == "extension"}
        return stand_in(self.original, self._run, server, needs)

    @contextmanager
    def session(self, on: StandIn) -> Iterator[Session]:
        """A session like that of a real run."""
        try:
            with working_on(on.target, self.limits) as session:
                yield session
        except MigrationError as failure:
            untouched = f"This was a dry run, on a stand-in: {self.original.database} is as it was."
            failure.advice = "\n".join(filter(None, [failure.advice, untouched]))
            raise


@contextmanager
def dry_run(target: Target, history: History, limits: Limits) -> Iterator[DryRun]:
    """Read the target; what is started in the block ends with it.

    :raises UserError: where the target cannot be read, or is another tool's.
    """
    run = RunFolder.reserve()
    try:
        yield DryRun(read(target, history, limits, run.new_folder("dry-run")), limits, run)
    finally:
        run.close()
