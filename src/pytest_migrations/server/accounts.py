"""The account that a server runs as: our own, or an unprivileged one since PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Account:
    """User and group ids to switch to; None for our own."""

    uid: int | None = None
    gid: int | None = None

    def popen_arguments(self) -> dict[str, Any]:
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Make the account the owner of ``path``."""
        if sys.platform != "win32" and self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_read(self, file: Path) -> bool:
        """Whether the account can reach and read the file, as everybody can; of our own account it is not asked."""
        if self.uid is None:
            return True
        resolved = file.resolve()
        readable = resolved.stat().st_mode & stat.S_IROTH
        return bool(readable) and all(folder.stat().st_mode & stat.S_IXOTH for folder in resolved.parents)


def server_account() -> Account:
    """Our own account, or for root that of ``postgres`` or ``nobody``. Raises UserError if there is neither."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return Account()
    import pwd  # noqa: PLC0415 (not on Windows)

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise UserError(
        "PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody' to run it as. "
        "Run pytest as another user, or create one: useradd --system postgres"
    )
