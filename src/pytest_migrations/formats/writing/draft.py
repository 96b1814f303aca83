"""A migration that is not written yet, and the files that a format makes of it."""

from __future__ import annotations

import re
import shlex
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from pytest_migrations.formats.reading.folder import Folder

_LONGEST_NAME = 100


@dataclass(frozen=True)
class Draft:
    """What a new migration is called and does, in no format yet."""

    #: What the user calls it, in one line.
    title: str
    #: SQL with its comments. Either ends in a line end, where it is not empty.
    up: str
    down: str
    #: Now, in UTC: versions may be timestamps.
    moment: datetime
    transactional: bool = True
    #: Whether the user has named the format, which else was detected.
    format_is_named: bool = False

    @property
    def name(self) -> str:
        """The title as a part of a file's name."""
        return file_name(self.title)


@dataclass(frozen=True)
class NewFiles:
    """What a format makes of a draft."""

    #: The text of each new file by its name below the folder, the one that applies the migration first.
    files: Mapping[str, str]
    #: What the user should know, a sentence each.
    notes: Sequence[str] = ()
    #: Files that are there and get another text, as above.
    replaced: Mapping[str, str] = field(default_factory=dict)


def file_name(title: str) -> str:
    """Letters, digits and ``_`` in lower case, without accents; empty where there is neither letter nor digit."""
    plain = unicodedata.normalize("NFKD", title.removesuffix(".sql")).casefold()
    without_marks = "".join(character for character in plain if not unicodedata.combining(character))
    return re.sub(r"[\W_]+", "_", without_marks)[:_LONGEST_NAME].strip("_")


def without_rollback(tool: str) -> str:
    """The note of a format that has none."""
    return f"{tool} has no rollbacks, so none was written."


def check_transactional(draft: Draft, tool: str, way_out: str = "Run it by hand, or use another template.") -> None:
    """Raise UserError for a draft that cannot be in a transaction, in a format whose tool always makes one."""
    if not draft.transactional:
        what = f"{tool} runs every migration in a transaction, and this one cannot be in one. {way_out}"
        raise UserError(f"{what}\nNothing was written.")


def by_its_tool(what: str) -> Callable[[Folder, Draft], NewFiles]:
    """The writer of a format whose files only its tool can write: ``what`` says how (``{title}``, ``{name}``)."""

    def refuse(_: Folder, draft: Draft) -> NewFiles:
        raise UserError(what.format(title=shlex.quote(draft.title), name=draft.name) + "\nNothing was written.")

    return refuse
