"""What a branch adds to a folder of migrations, and what it must not change any more."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.formats.reading.order import DATE_DIGITS
from pytest_migrations.migration import Problem
from pytest_migrations.sql.remarks import without_remarks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.migration import History, Migration

_OPTION = "--migrations-since"
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")


@dataclass(frozen=True)
class Base:
    """The migrations of a revision, and those of the commit at which this branch left it; None: no such folder."""

    revision: str
    tip: History | None
    fork: History | None

    def added(self, history: History) -> frozenset[int]:
        """The indexes of the migrations that the branch has added or changed."""
        before = _by_name(self.fork)
        return frozenset(
            index
            for index, migration in enumerate(history.migrations)
            if migration.name not in before or _texts(migration) != _texts(before[migration.name])
        )

    def problems(self, history: History) -> Iterator[Problem]:
        """What breaks databases that have applied the base's migrations already."""
        now, before = _by_name(history), _by_name(self.fork)
        for name, old in before.items():
            if name not in now:
                yield Problem(
                    history.folder / name.partition("::")[0],
                    f"{name} is gone since {self.revision}, where it may have been applied: put it back, and undo it "
                    "in a new migration.",
                )
            elif not old.repeatable and _essence(_applied_by(now[name])) != _essence(_applied_by(old)):
                yield Problem(
                    now[name].path,
                    f"{name} was edited since {self.revision}, where it may have been applied: put the change into a "
                    "new migration.",
                )
        yield from self._misplaced(history)

    def _misplaced(self, history: History) -> Iterator[Problem]:
        tip, now = _by_name(self.tip), _by_name(history)
        known = {*tip, *_by_name(self.fork)}
        last = max((index for index, m in enumerate(history.migrations) if m.name in tip), default=-1)
        elsewhere = [other for name, other in tip.items() if name not in now]
        for index, migration in enumerate(history.migrations):
            if migration.name in known or migration.repeatable:
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
    root = Path(_git(folder, "rev-parse", "--show-toplevel", wrong=_no_repository).strip())
    commit = ["--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    tip = _git(root, "rev-parse", *commit, wrong=lambda _: _no_revision(root, revision)).split()[-1]
    fork = _git(root, "merge-base", "HEAD", tip, wrong=lambda _: _no_common_past(root, revision)).strip()
    relative = folder.relative_to(root.resolve()).as_posix()
    at_tip = _history_at(root, relative, tip, read)
    return Base(revision, at_tip, at_tip if fork == tip else _history_at(root, relative, fork, read))


def _history_at(root: Path, folder: str, revision: str, read: Callable[[Path], History]) -> History | None:
    listed = _git(root, "ls-tree", "-r", "-z", revision, "--", folder).split("\0")
    blobs = [entry.split("\t", 1) for entry in listed if " blob " in entry]
    if not blobs:
        return None
    with tempfile.TemporaryDirectory(prefix="pytest-migrations-") as temporary:
        there = Path(temporary, Path(folder).name or "migrations")
        contents = _contents(root, [described.split()[2] for described, _ in blobs])
        for (_, name), content in zip(blobs, contents, strict=True):
            path = there / Path(name).relative_to(folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            return read(there)
        except UserError as error:
            raise UserError(f"{_OPTION}: the folder as it is in {revision} cannot be read. {error}") from None


def _contents(root: Path, blobs: list[str]) -> Iterator[bytes]:
    """The blobs' contents, in one call of git (``git help cat-file``, BATCH OUTPUT)."""
    left = _run(root, "cat-file", "--batch", given="\n".join(blobs).encode()).stdout
    for _ in blobs:
        header, _, left = left.partition(b"\n")
        size = int(header.split()[-1])
        yield left[:size]
        left = left[size + 1 :]


def _by_name(history: History | None) -> dict[str, Migration]:
    return {migration.name: migration for migration in history.migrations} if history else {}


def _texts(migration: Migration) -> list[str]:
    return [_essence(script.written) for script in migration.scripts]


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
    if version.isdecimal() and other.isdecimal() and min(len(version), len(other)) < DATE_DIGITS:
        return int(version) >= int(other)
    return version >= other


def _git(folder: Path, *arguments: str, wrong: Callable[[str], UserError] | None = None) -> str:
    ran = _run(folder, *arguments)
    if ran.returncode:
        said = ran.stderr.decode(errors="replace").strip()
        raise wrong(said) if wrong else UserError(f"{_OPTION}: git {arguments[0]} failed: {said}")
    return ran.stdout.decode(errors="surrogateescape")


def _run(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(folder), *arguments]
    # A hook of git has these for its own repository.
    environment = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    try:
        return subprocess.run(command, input=given, capture_output=True, check=False, env=environment)
    except FileNotFoundError:
        raise UserError(f"{_OPTION} asks git what a branch adds, and there is no git here. Install it.") from None


def _no_repository(said: str) -> UserError:
    return UserError(f"{_OPTION}: the folder of the migrations lies in no git repository that can be read: {said}")


def _no_revision(root: Path, revision: str) -> UserError:
    return UserError(f"{_OPTION}={revision}: git knows no such revision here. {_fetch(root, revision)}")


def _no_common_past(root: Path, revision: str) -> UserError:
    return UserError(f"{_OPTION}={revision}: this branch has no commit in common with it. {_fetch(root, revision)}")


def _fetch(root: Path, revision: str) -> str:
    remote, _, branch = revision.partition("/")
    what = f" {remote} +{branch}:refs/remotes/{revision}" if branch else ""
    if _git(root, "rev-parse", "--is-shallow-repository").strip() == "true":
        return f"This clone is shallow: git fetch --unshallow{what} (with actions/checkout: fetch-depth: 0)."
    return f"Fetch it (git fetch{what}), or name another."
