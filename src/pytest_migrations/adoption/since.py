"""What a branch adds to a folder of migrations, and what it must not change any more."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.adoption.repository import OPTION, Repository
from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats.reading.order import DATE_DIGITS
from pytest_migrations.migration import Order, Problem
from pytest_migrations.sql.remarks import without_remarks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.migration import History, Migration


@dataclass(frozen=True)
class Base:
    """The migrations of a revision, and those of the commit at which this branch left it; None: no such folder."""

    revision: str
    tip: History | None
    fork: History | None

    def added(self, history: History) -> frozenset[int]:
        """The indexes of the migrations that the branch has added or changed."""
        before = _by_identity(self.fork)
        return frozenset(
            index
            for index, migration in enumerate(history.migrations)
            if migration.identity not in before or _texts(migration) != _texts(before[migration.identity])
        )

    def problems(self, history: History) -> Iterator[Problem]:
        """What breaks databases that have applied the base's migrations already."""
        now, before = _by_identity(history), _by_identity(self.fork)
        for identity, old in before.items():
            if identity not in now:
                if not _stands_for(history.migrations[0], old):
                    yield Problem(
                        history.folder / old.name.partition("::")[0],
                        f"{old.name} is gone since {self.revision}, where it may have been applied: put it back, and "
                        "undo it in a new migration.",
                    )
            elif _was_edited(old, now[identity]):
                yield Problem(
                    now[identity].path,
                    f"{now[identity].name} was edited since {self.revision}, where it may have been applied: put the "
                    "change into a new migration.",
                )
        if history.order is not Order.GRAPH:
            yield from self._misplaced(history)

    def _misplaced(self, history: History) -> Iterator[Problem]:
        tip, now = _by_identity(self.tip), _by_identity(history)
        known = {*tip, *_by_identity(self.fork)}
        last = max((index for index, m in enumerate(history.migrations) if m.identity in tip), default=-1)
        elsewhere = [m for identity, m in tip.items() if identity not in now and history.order is Order.VERSIONS]
        for index, migration in enumerate(history.migrations):
            if migration.identity in known or migration.repeatable or migration.is_baseline:
                continue
            newer = [other for other in elsewhere if _not_before(other.version, migration.version)]
            if behind := ([history.migrations[last]] if index < last else []) or newer:
                yield Problem(
                    migration.path,
                    f"{migration.name} is new, but does not come after {behind[-1].name}, which {self.revision} has "
                    "and which may have been applied: give it a later version.",
                )


def base_of(history: History, revision: str, read: Callable[[Path], History]) -> Base:
    """What git knows of the history's folder; ``read`` makes a history of a folder.

    :raises UserError: where there is no git, no repository, no such revision, or no common past with it.
    """
    folder = history.folder.resolve()
    repository = Repository.of(folder)
    tip = repository.commit(revision)
    fork = repository.fork(revision, tip)
    at_tip = _history_at(repository, tip, folder, read)
    return Base(revision, at_tip, at_tip if fork == tip else _history_at(repository, fork, folder, read))


def _history_at(repository: Repository, commit: str, folder: Path, read: Callable[[Path], History]) -> History | None:
    with repository.unpacked(commit, folder) as unpacked:
        if unpacked is None:
            return None
        there, root = unpacked
        try:
            with _imports_undone(root):
                return read(there)
        except UserError as error:
            told = str(error).replace(f"{display_path(root)}/", f"{commit}:")  # as git show takes it
            raise UserError(f"{OPTION}: the folder as it is in {commit} cannot be read. {told}") from None


@contextmanager
def _imports_undone(root: Path) -> Iterator[None]:
    """Some formats run code to read a folder: keep nothing that was imported from a tree that will be gone."""
    path, modules = [*sys.path], {*sys.modules}
    try:
        yield
    finally:
        sys.path[:] = path
        for name in {*sys.modules} - modules:
            if (file := getattr(sys.modules[name], "__file__", None)) and root in Path(file).parents:
                del sys.modules[name]


def _by_identity(history: History | None) -> dict[str, Migration]:
    """All that databases may have applied."""
    return {migration.identity: migration for migration in (*history.superseded, *history)} if history else {}


def _texts(migration: Migration) -> list[str]:
    return [_essence(script.written) for script in migration.scripts]


def _stands_for(first: Migration, old: Migration) -> bool:
    return first.is_baseline and not old.repeatable and _not_before(first.version, old.version)


def _was_edited(old: Migration, now: Migration) -> bool:
    """Whether databases that have applied it differ from new ones, and its tool does not know that this is meant.

    Where the file is what it was, only the values differ that are put into it.
    """
    if now.repeatable or now.may_be_edited or _essence(now.up.source) == _essence(old.up.source):
        return False
    return _essence(_applied_by(now)) != _essence(_applied_by(old))


def _applied_by(migration: Migration) -> str:
    """What databases have run of it; of a program all that stands before the way back, where that is the last part."""
    up, down = migration.up, migration.down
    if up.program and down and down.program and down.program.offset > up.program.offset:
        return up.source[: down.program.offset]
    return up.written


def _essence(text: str) -> str:
    """The text without what may change in a migration that was applied: waivers, line ends, blanks around lines."""
    lines = without_remarks(text).splitlines()
    return "\n".join(line.strip() for line in lines).strip()


def _not_before(version: str, other: str) -> bool:
    """Whether a version is another or comes behind it; timestamps of different precision compare as text."""
    parts, others = version.split("."), other.split(".")
    short = max(len(parts), len(others)) > 1 or min(len(version), len(other)) < DATE_DIGITS
    if short and all(part.isdecimal() for part in (*parts, *others)):
        return [*map(int, parts)] >= [*map(int, others)]
    return version >= other
