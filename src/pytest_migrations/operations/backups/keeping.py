"""The backups in a folder: what they are called, what is known of them, which are kept.

``grants-20261123T101512Z-023.dump`` is one of the database grants, whose last applied migration was 023. The file
beside it that ends in ``.json`` says what no archive does: from which server it is. Only backups of one database of one
server push each other out, so that ten of a laptop's never cost the one of production.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.server import locks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SUFFIX = ".dump"
UNFINISHED = ".unfinished"
_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(rf"(.+)-(\d{{8}}T\d{{6}}Z)(?:-(.+))?{re.escape(SUFFIX)}")
_VERSION_LENGTH = 60


@dataclass(frozen=True)
class Origin:
    """The database that a backup is of, and its server: its address, and what PostgreSQL calls it."""

    database: str
    server: str | None = None
    system: str | None = None


@dataclass(frozen=True)
class Backup:
    """An archive of pg_dump that was checked when it was written."""

    path: Path
    origin: Origin
    taken_at: datetime
    #: Of the last migration that was applied.
    version: str | None
    #: In bytes.
    size: int
    #: How many tables, columns' defaults, indexes, ... pg_restore lists. None where only the name is known.
    objects: int | None = None
    #: Of PostgreSQL, as in "15.20".
    server_version: str | None = None

    @property
    def name(self) -> str:
        return self.path.name


def file_name(database: str, taken_at: datetime, version: str | None) -> str:
    """The name of a backup. What no file's name should hold is written as in URLs."""
    parts = [_encoded(database), taken_at.strftime(_TIME), *([_encoded(version)[:_VERSION_LENGTH]] if version else [])]
    return "-".join(parts) + SUFFIX


def backups_in(folder: Path) -> list[Backup]:
    """The backups in a folder, the newest first; none where there is no folder. Raises UserError where it is closed."""
    try:
        found = [_backup(path) for path in folder.glob(f"*{SUFFIX}")] if folder.exists() else []
    except OSError as error:
        raise UserError(f"{display_path(folder)} cannot be read: {error.strerror}") from None
    return sorted(filter(None, found), key=lambda backup: (backup.taken_at, backup.name), reverse=True)


def record(backup: Backup, beside: Path) -> None:
    """Write what is known of a backup into a file beside its own. Raises OSError."""
    known = {name: value for name, value in asdict(backup).items() if name != "path"}
    path = record_of(beside)
    path.touch(mode=0o600)
    path.write_text(json.dumps({**known, "taken_at": backup.taken_at.isoformat()}, indent=2) + "\n", encoding="utf-8")


def superseded(backups: Iterable[Backup], keep: int) -> list[Backup]:
    """Those that are not among the last ``keep`` of their origin. ``backups`` are the newest first."""
    seen: dict[Origin, int] = {}
    old = []
    for backup in backups:
        seen[backup.origin] = seen.get(backup.origin, 0) + 1
        if seen[backup.origin] > keep:
            old.append(backup)
    return old


def remove(backup: Backup) -> None:
    """Delete it, with what is written beside it. Raises UserError where that is not possible."""
    try:
        backup.path.unlink(missing_ok=True)
        record_of(backup.path).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{display_path(backup.path)} cannot be deleted: {error.strerror}") from None


def sweep(folder: Path) -> None:
    """Delete what backups that were killed have left; one that is being written is locked."""
    for path in folder.glob(f"*{SUFFIX}{UNFINISHED}"):
        with suppress(OSError):
            lock = locks.try_take(path, create=False)
            if lock is not None:
                with lock:
                    record_of(path.with_name(path.name.removesuffix(UNFINISHED))).unlink(missing_ok=True)
                    path.unlink()


def _backup(path: Path) -> Backup | None:
    """What the file beside it says, or else its name; None for what has another name and no such file."""
    size = path.stat().st_size
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(record_of(path).read_text(encoding="utf-8"))
        taken_at = datetime.fromisoformat(known.pop("taken_at"))
        return Backup(path, Origin(**known.pop("origin")), taken_at, **{**known, "size": size})
    named = _NAME.fullmatch(path.name)
    if named is None:
        return None
    with suppress(ValueError):  # the 31st of February
        taken_at = datetime.strptime(named[2], _TIME).replace(tzinfo=timezone.utc)
        return Backup(path, Origin(_decoded(named[1])), taken_at, named[3] and _decoded(named[3]), size)
    return None


def record_of(archive: Path) -> Path:
    """Where what is known of a backup is written."""
    return archive.with_name(archive.name.removesuffix(SUFFIX) + ".json")


def _encoded(text: str) -> str:
    encoded = re.sub(r"[^\w.+~-]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)
    return re.sub(r"^[.-]", lambda found: f"%{ord(found[0]):02X}", encoded)


def _decoded(text: str) -> str:
    from urllib.parse import unquote  # noqa: PLC0415 (only for backups whose record is gone)

    return unquote(text)
