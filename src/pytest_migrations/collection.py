"""A folder of migrations as pytest sees it: a directory of files whose tests are the checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.checks.history import NAME as HISTORY
from pytest_migrations.checks.verdict import in_one_line
from pytest_migrations.errors import UserError, path_from

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_migrations.checks.verdict import Verdict
    from pytest_migrations.migration import Migration
    from pytest_migrations.proving import Prover


class CheckFailedError(Exception):
    """A check failed; its text is the whole report."""


class MigrationsWarning(pytest.PytestWarning):
    """Something about the migrations that fails no test and yet should be mended."""


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
        children: dict[Path, list[int]] = {}
        for index, migration in enumerate(self.prover.history.migrations):
            if migration.path.is_relative_to(self.path):
                child = self.path / migration.path.relative_to(self.path).parts[0]
                children.setdefault(child, []).append(index)
        for path, indexes in children.items():
            if path == self.prover.history.migrations[indexes[0]].path:
                yield MigrationFile.of(self, path, self.prover, indexes)
            else:
                yield MigrationsDirectory.of(self, path, self.prover)


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
    """A file that holds a migration, or several."""

    prover: Prover
    indexes: list[int]

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path, prover: Prover, indexes: list[int]) -> MigrationFile:
        file: MigrationFile = cls.from_parent(parent, path=path, nodeid=_node_id(parent, path))
        file.prover = prover
        file.indexes = indexes
        return file

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        for index in self.indexes:
            if self.prover.history.migrations[index].part:
                yield MigrationPart.of(self, self.prover, index)
            else:
                yield from _checks(self, self.prover, index)


class MigrationPart(pytest.Collector):
    """One migration of a file that holds several."""

    prover: Prover
    index: int

    @classmethod
    def of(cls, parent: MigrationFile, prover: Prover, index: int) -> MigrationPart:
        part: MigrationPart = cls.from_parent(parent, name=prover.history.migrations[index].part)
        part.prover = prover
        part.index = index
        return part

    def collect(self) -> Iterator[pytest.Item]:
        return _checks(self, self.prover, self.index)


def _checks(parent: pytest.Collector, prover: Prover, index: int) -> Iterator[CheckItem]:
    for name in prover.checks(index):
        item: CheckItem = CheckItem.from_parent(parent, name=name)
        item.prover = prover
        item.index = index
        yield item


class CheckItem(pytest.Item):
    """One check of one migration."""

    prover: Prover
    index: int
    verdict: Verdict | None = None
    #: Other plugins and conftests read these of every item, as if all were functions.
    fixturenames = ()
    function = cls = module = obj = None

    @property
    def migration(self) -> Migration:
        return self.prover.history.migrations[self.index]

    @property
    def folder_id(self) -> str:
        """The folder of the history, as ids begin with it."""
        return _node_id(self, self.prover.history.folder)

    @property
    def needs_server(self) -> bool:
        return self.name != HISTORY

    def runtest(self) -> None:
        self.verdict = self.prover.verdict(self.index, self.name)
        self.user_properties += [("seconds", self.verdict.seconds), ("statements", self.verdict.statements)]
        if self.verdict.warning:
            self.warn(MigrationsWarning(self.verdict.warning))
        if self.verdict.outcome in ("skipped", "waived"):
            pytest.skip(self.verdict.reason)
        if self.verdict.outcome == "accepted":
            pytest.xfail(in_one_line(self.verdict.reason))
        if self.verdict.error is not None:
            raise self.verdict.error
        if self.verdict.outcome == "failed":
            raise CheckFailedError(self.verdict.reason)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **kwargs: Any) -> Any:
        if isinstance(excinfo.value, (CheckFailedError, UserError)):
            return self._in_our_words(excinfo)
        if self.verdict and excinfo.value is self.verdict.error:
            # What was raised in a check of the user's own, from there on.
            behind = excinfo.value.__traceback__
            while behind and behind.tb_frame.f_code is not CheckItem.runtest.__code__:
                behind = behind.tb_next
            if behind and behind.tb_next:
                excinfo = pytest.ExceptionInfo.from_exception(excinfo.value.with_traceback(behind.tb_next))
        return super().repr_failure(excinfo, *args, **kwargs)

    def _in_our_words(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
        shown = excinfo.getrepr(style="value", chain=False)
        if shown.reprcrash and self.verdict:  # what the short summary, --tb=line and JUnit show
            place = self.verdict.place
            shown.reprcrash.path = str(place.path if place else self.path)
            shown.reprcrash.lineno = place.line if place else 1
            shown.reprcrash.message = self.verdict.headline_in(self.path)
        if self.config.getoption("tbstyle", "") == "line":
            shown.reprtraceback.reprentries = []
        return shown

    def reportinfo(self) -> tuple[os.PathLike[str], int | None, str]:
        # The blank keeps pytest from taking the end of the id for a dotted Python name, whose dots it shows as "::".
        return self.path, 0, f"{self.nodeid} "


def _node_id(parent: pytest.Item | pytest.Collector, path: Path) -> str:
    return id_of(parent.config, path)


def id_of(config: pytest.Config, path: Path) -> str:
    """Relative to rootdir, ``../`` included: pytest would shorten the ids of a folder outside of it."""
    return path_from(config.rootpath, path)


def test_id(folder: str, name: str) -> str:
    """The id of a check ("007_grants.sql::roundtrip") of the folder with this id, which may be rootdir itself."""
    return name if folder == "." else f"{folder}/{name}"


def check_items(items: list[pytest.Item]) -> list[CheckItem]:
    return [item for item in items if isinstance(item, CheckItem)]


def sort_in_place(items: list[pytest.Item]) -> None:
    """Put the checks of each history into version order, on the places that checks of it hold already."""
    by_history: dict[int, list[CheckItem]] = {}
    for item in check_items(items):
        by_history.setdefault(id(item.prover), []).append(item)
    ordered = {
        key: iter(sorted(group, key=lambda item: (item.index, item.prover.checks(item.index).index(item.name))))
        for key, group in by_history.items()
    }
    items[:] = [next(ordered[id(item.prover)]) if isinstance(item, CheckItem) else item for item in items]
