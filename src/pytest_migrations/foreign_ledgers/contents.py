"""Whether a file is still what a tool has applied, by the checksum that the tool keeps of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_migrations.foreign_ledgers.taking import Entry
    from pytest_migrations.migration import Migration


def digests(algorithm: str, migration: Migration) -> set[str]:
    """The checksums that a tool may have of the file, in hexadecimal digits.

    Its line ends may be other ones since Git has checked it out on another system.
    """
    written = _bytes_of(migration)
    with_lf = written.replace(b"\r\n", b"\n")
    forms = {written, with_lf, with_lf.replace(b"\n", b"\r\n")}
    return {hashlib.new(algorithm, form, usedforsecurity=False).hexdigest() for form in forms}


def differs(algorithm: str, migration: Migration, entry: Entry) -> bool:
    """Whether the file is not what the entry's checksum is of."""
    return entry.checksum not in digests(algorithm, migration)


def _bytes_of(migration: Migration) -> bytes:
    """The file as the tool reads it, with its byte order mark."""
    try:
        return migration.path.read_bytes()
    except OSError:  # it is gone since the history was read
        return migration.up.source.encode()
