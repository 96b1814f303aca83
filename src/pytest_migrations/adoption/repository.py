"""The git repository that a folder of migrations lies in: its revisions, and the folder as one of them has it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

OPTION = "--migrations-since"
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
_LINK = "120000"
#: No file of settings is larger.
_LARGE = 1_000_000


class _Entry(NamedTuple):
    """A file as ``git ls-tree --long`` has it."""

    name: str
    mode: str
    blob: str
    size: int


@dataclass(frozen=True)
class Repository:
    """A repository by its topmost folder."""

    root: Path

    @classmethod
    def of(cls, folder: Path) -> Repository:
        """The one that a folder lies in.

        :raises UserError: where there is none, or no git.
        """
        return cls(Path(_git(folder, "rev-parse", "--show-toplevel", wrong=_no_repository).strip()).resolve())

    def commit(self, revision: str) -> str:
        """The commit that somebody calls so.

        :raises UserError: where there is none.
        """
        asked = ["--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        return _git(self.root, "rev-parse", *asked, wrong=lambda _: self._no_revision(revision)).split()[-1]

    def fork(self, revision: str, commit: str) -> str:
        """The commit at which the current branch has left a revision, which is that commit.

        :raises UserError: where they have no past in common.
        """
        return _git(self.root, "merge-base", "HEAD", commit, wrong=lambda _: self._no_common_past(revision)).strip()

    @contextmanager
    def unpacked(self, commit: str, folder: Path) -> Iterator[tuple[Path, Path] | None]:
        """A folder as a commit has it, and the root of the tree that it lies in; None where there was none.

        The tree has the files of the folders above as well, since tools have settings there. It is gone afterwards.
        """
        below = folder.relative_to(self.root).as_posix()
        files = self._files(commit, "-r", "--", below)
        if not files:
            yield None
            return
        above = [f"{place}/" for place in PurePosixPath(below).parents]
        files += [file for file in self._files(commit, "--", *above) if file.size < _LARGE] if above else []
        with tempfile.TemporaryDirectory(prefix="pytest-migrations-") as temporary:
            root = Path(temporary).resolve()
            (root / ".git").touch()  # whoever looks for settings further up ends here
            self._unpack(commit, files, root)
            yield root / below, root

    def _files(self, commit: str, *which: str) -> list[_Entry]:
        listed = _git(self.root, "ls-tree", "-z", "--long", commit, *which).split("\0")[:-1]
        split = ((described.split(), name) for described, _, name in (entry.partition("\t") for entry in listed))
        return [_Entry(name, mode, blob, int(size)) for (mode, kind, blob, size), name in split if kind == "blob"]

    def _unpack(self, commit: str, files: Sequence[_Entry], root: Path) -> None:
        """Write the files; a link becomes what it leads to, where that is a file of the commit."""
        asked = [f"{commit}:{file.name}" if file.mode == _LINK else file.blob for file in files]
        for file, content in zip(files, self._contents(asked), strict=True):
            if content is not None:
                path = root / file.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)

    def _contents(self, asked: Sequence[str]) -> Iterator[bytes | None]:
        """What blobs hold, in one call of git (``git help cat-file``, BATCH OUTPUT); None for what is no blob."""
        given = "\n".join(asked).encode(errors="surrogateescape")
        answer, start = _output(self.root, "cat-file", "--batch", "--follow-symlinks", given=given), 0
        for _ in asked:
            end = answer.index(b"\n", start)
            *_, kind, size = answer[start:end].split()
            start = end + 1
            if size == b"missing":
                yield None
                continue
            yield answer[start : start + int(size)] if kind == b"blob" else None
            start += int(size) + 1

    def _no_revision(self, revision: str) -> UserError:
        return UserError(f"{OPTION}={revision}: git knows no such revision here. {self._how_to_fetch(revision)}")

    def _no_common_past(self, revision: str) -> UserError:
        what = "this branch has no commit in common with it"
        return UserError(f"{OPTION}={revision}: {what}. {self._how_to_fetch(revision)}")

    def _how_to_fetch(self, revision: str) -> str:
        remote, _, branch = revision.partition("/")
        what = f" {remote} +{branch}:refs/remotes/{revision}" if branch else ""
        if _git(self.root, "rev-parse", "--is-shallow-repository").strip() == "true":
            return f"This clone is shallow: git fetch --unshallow{what} (with actions/checkout: fetch-depth: 0)."
        return f"Fetch it (git fetch{what}), or name another."


def _git(folder: Path, *arguments: str, wrong: Callable[[str], UserError] | None = None) -> str:
    return _output(folder, *arguments, wrong=wrong).decode(errors="surrogateescape")


def _output(
    folder: Path, *arguments: str, given: bytes = b"", wrong: Callable[[str], UserError] | None = None
) -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    # A hook of git has these for its own repository.
    environment = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    try:
        ran = subprocess.run(command, input=given, capture_output=True, check=False, env=environment)
    except FileNotFoundError:
        raise UserError(f"{OPTION} asks git what a branch adds, and there is no git here. Install it.") from None
    if ran.returncode:
        said = ran.stderr.decode(errors="replace").strip()
        raise wrong(said) if wrong else UserError(f"{OPTION}: git {arguments[0]} failed: {said}")
    return ran.stdout


def _no_repository(said: str) -> UserError:
    return UserError(f"{OPTION}: the folder of the migrations lies in no git repository that can be read: {said}")
