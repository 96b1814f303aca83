"""A folder of migrations as pytest sees it: a directory of files whose tests are the checks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.checks import CHECKS
from pytest_migrations.checks.history import NAME as HISTORY
from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_migrations.checks.verdict import Verdict
    from pytest_migrations.migration import Migration
    from pytest_migrations.proving import Prover


class CheckFailedError(Exception):
    """A check failed; its text is the whole report."""


class MigrationsDirectory(pytest.Directory):
    """A folder of migrations, or one in it that holds the scripts of a migration."""

    prover: Prover

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path, prover: Prover) -> MigrationsDirectory:
        directory: MigrationsDirectory = cls.from_parent(parent, path=path, nodeid=_node_id(parent, path))
        directory.prover = prover
        return directory

    def collect(self) -> Iterator[pytest.Collector]:
        """In version order; a migration in a folder of its own is found through that folder."""
        folders: set[Path] = set()
        for index, migration in enumerate(self.prover.history.migrations):
            steps = migration.path.relative_to(self.path).parts if migration.path.is_relative_to(self.path) else ()
            if len(steps) == 1:
                yield MigrationFile.of(self, index, self.prover)
            elif steps and (folder := self.path / steps[0]) not in folders:
                folders.add(folder)
                yield MigrationsDirectory.of(self, folder, self.prover)


class Passage(pytest.Directory):
    """A folder that pytest would pass over (hidden, or called build), which only leads to a folder of migrations."""

    def collect(self) -> Iterator[pytest.Collector]:
        hook = self.session.gethookproxy(self.path)
        for path in sorted(self.path.iterdir()):
            if path.is_dir() and not hook.pytest_ignore_collect(collection_path=path, config=self.config):
                directory = hook.pytest_collect_directory(path=path, parent=self)
                if isinstance(directory, (MigrationsDirectory, Passage)):
                    yield directory


class MigrationFile(pytest.File):
    """One migration."""

    prover: Prover
    index: int

    @classmethod
    def of(cls, parent: pytest.Collector, index: int, prover: Prover) -> MigrationFile:
        path = prover.history.migrations[index].path
        file: MigrationFile = cls.from_parent(parent, path=path, nodeid=_node_id(parent, path))
        file.prover = prover
        file.index = index
        return file

    @property
    def folder_id(self) -> str:
        """The folder of the history, as ids begin with it."""
        return _node_id(self, self.prover.history.folder)

    @property
    def migration(self) -> Migration:
        return self.prover.history.migrations[self.index]

    def collect(self) -> Iterator[pytest.Item]:
        if self.index == 0:
            yield CheckItem.from_parent(self, name=HISTORY)
        for name in CHECKS:
            yield CheckItem.from_parent(self, name=name)


class CheckItem(pytest.Item):
    """One check of one migration."""

    parent: MigrationFile
    verdict: Verdict | None = None
    #: Other plugins and conftests read these of every item, as if all were functions.
    fixturenames = ()
    function = cls = module = obj = None

    @property
    def file(self) -> MigrationFile:
        return self.parent

    @property
    def needs_server(self) -> bool:
        return self.name in CHECKS

    def runtest(self) -> None:
        self.verdict = self.file.prover.verdict(self.file.index, self.name)
        self.user_properties += [("seconds", self.verdict.seconds), ("statements", self.verdict.statements)]
        if self.verdict.outcome == "skipped":
            pytest.skip(self.verdict.reason)
        if self.verdict.outcome == "failed":
            raise CheckFailedError(self.verdict.reason)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **kwargs: Any) -> Any:
        if not isinstance(excinfo.value, (CheckFailedError, UserError)):
            return super().repr_failure(excinfo, *args, **kwargs)
        shown = excinfo.getrepr(style="value", chain=False)
        if shown.reprcrash and self.verdict:  # what the short summary, --tb=line and JUnit show
            place = self.verdict.place
            shown.reprcrash.path = str(place.path if place else self.path)
            shown.reprcrash.lineno = place.line if place else 1
            shown.reprcrash.message = self.verdict.headline(self.path)
        if self.config.getoption("tbstyle", "") == "line":
            shown.reprtraceback.reprentries = []
        return shown

    def reportinfo(self) -> tuple[os.PathLike[str], int | None, str]:
        # The blank keeps pytest from taking the end of the id for a dotted Python name, whose dots it shows as "::".
        return self.path, 0, f"{self.nodeid} "


def _node_id(parent: pytest.Collector, path: Path) -> str:
    """Relative to rootdir, ``../`` included: pytest would shorten the ids of a folder outside of it."""
    root = parent.config.rootpath
    try:
        return os.path.relpath(path, root).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return path.as_posix()


def check_items(items: list[pytest.Item]) -> list[CheckItem]:
    return [item for item in items if isinstance(item, CheckItem)]


def sort_in_place(items: list[pytest.Item]) -> None:
    """Put the checks of each history into version order, on the places that checks of it hold already."""
    by_history: dict[int, list[CheckItem]] = {}
    for item in check_items(items):
        by_history.setdefault(id(item.file.prover), []).append(item)
    ranks = {name: rank for rank, name in enumerate((HISTORY, *CHECKS))}
    ordered = {
        key: iter(sorted(group, key=lambda item: (item.file.index, ranks[item.name])))
        for key, group in by_history.items()
    }
    items[:] = [next(ordered[id(item.file.prover)]) if isinstance(item, CheckItem) else item for item in items]
