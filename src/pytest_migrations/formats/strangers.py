"""Tools whose migrations would be misread as plain numbered files, so that the message can name them.

Signs from the tools' own sources; each is the start of a line that the tool itself demands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pytest_migrations.formats.folder import Folder


class Stranger(NamedTuple):
    """A tool that is not supported, and what gave it away."""

    tool: str
    file: str
    sign: str


_SIGNS_IN_NAMES = {
    "Flyway or refinery": re.compile(r"([VUR][0-9._]*__).*\.sql"),
}
_SIGNS_IN_TEXT = {
    "Liquibase": re.compile(rb"\A\s*(--[ \t]*liquibase[ \t]+formatted)", re.IGNORECASE),
    "graphile-migrate": re.compile(rb"^(--! Previous:)", re.MULTILINE),
}


def stranger_in(folder: Folder) -> Stranger | None:
    """The first sign of a tool that is not supported."""
    for name in folder.files:
        for tool, sign in _SIGNS_IN_NAMES.items():
            if match := sign.fullmatch(name):
                return Stranger(tool, name, match[1])
        for tool, text_sign in _SIGNS_IN_TEXT.items():
            if found := text_sign.search(folder.data(name)):
                return Stranger(tool, name, found[1].decode(errors="replace"))
    return None
