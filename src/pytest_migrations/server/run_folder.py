"""The folder of one run: all that the run has started is recorded in it, and ends with it."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.server import ending, locks, watchdog
from pytest_migrations.server.folders import runs_folder

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable


class RunFolder:
    """One run's folder. A run is dead if and only if its ``owner.lock`` can be taken.

    The owner (the pytest process, under xdist the controller) calls ``reserve`` and ``close``; a worker calls
    ``join`` with the path that the controller sent it.
    """

    def __init__(self, path: Path, owner: locks.Lock | None, watching: subprocess.Popen[bytes] | None) -> None:
        self.path = path
        self._owner = owner
        self._watching = watching
        self._pid = os.getpid()
        self._before_end: list[Callable[[], object]] = []
        self._after_end: list[Callable[[], object]] = []

    @classmethod
    def reserve(cls) -> RunFolder:
        """Make the folder and its watchdog, which ends the run if this process dies. Takes a few milliseconds.

        Raises UserError where there is no place for it.
        """
        while True:
            path = runs_folder() / secrets.token_hex(5)
            # Before it is locked the run looks dead, and another that ends or sweeps may delete it: once more then.
            with suppress(FileExistsError, FileNotFoundError):
                path.mkdir(mode=0o711)
                owner = locks.take(path / ending.OWNER_LOCK)
                return cls(path, owner, watchdog.spawn(path))

    @classmethod
    def join(cls, path: Path | str) -> RunFolder:
        """The folder that another process has reserved."""
        return cls(Path(path), None, None)

    @property
    def id(self) -> str:
        """Ten hexadecimal digits that name the run in databases, containers and messages."""
        return self.path.name

    def new_folder(self, prefix: str) -> Path:
        """A new folder (0700) in this one, with a name that begins with ``prefix``."""
        return Path(tempfile.mkdtemp(prefix=prefix, dir=self.path))

    def before_end(self, action: Callable[[], object]) -> None:
        """Call ``action`` when this process closes the folder, before the run ends."""
        self._before_end.append(action)

    def after_end(self, action: Callable[[], object]) -> None:
        """Call ``action`` when this process closes the folder, after the owner has ended the run."""
        self._after_end.append(action)

    def close(self) -> None:
        """Let go of what this process holds; the owner ends the run and waits until nothing is left of it."""
        if os.getpid() != self._pid:  # a forked child ends nothing
            return
        while self._before_end:
            self._before_end.pop()()
        if self._owner is not None:
            ending.end_run(self.path, self._owner, owner_lives=True)
            self._owner = None
        if self._watching is not None:
            self._watching.wait()
            self._watching = None
        while self._after_end:
            self._after_end.pop()()
