"""What a folder of migrations holds, whatever its format."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_migrations.errors import Place
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg


@dataclass(frozen=True)
class Program:
    """What a script runs where it is no SQL text but code, on a connection that it is lent.

    ``file`` is what the code's frames call its file, ``offset`` where in ``Script.source`` it begins (from 0).
    ``does_nothing`` says that this can be seen without running it.
    """

    run: Callable[[psycopg.Connection], None]
    file: str
    offset: int = 0
    does_nothing: bool = False


@dataclass(frozen=True)
class Origin:
    """Where the text of a script comes from, from its character at ``start`` on: the ``file`` at ``offset``.

    The two run together for ``length`` characters; what there is more of the text (the value of a placeholder) stands
    where they end.
    """

    start: int
    file: Script
    offset: int
    length: int


@dataclass(frozen=True)
class Script:
    """SQL text with its file, or a program.

    ``source`` is the file's whole text (without a byte order mark). ``text`` is the SQL to run. It keeps the line
    numbers of the file: what lies before it or between its parts is blanked, never cut. ``indent`` is how many
    characters were taken off the start of each of its lines (3 where a rollback is written in ``-- `` comments).
    ``transactional`` is False where the migration's tool would run it outside a transaction. Where the tool runs the
    parts of the file in another order, or puts text in, ``origins`` has the places, and the text keeps no lines. Where
    there is a ``program``, ``source`` is its code and ``text`` is empty.
    """

    path: Path
    source: str = field(repr=False)
    text: str = field(repr=False)
    indent: int = 0
    transactional: bool = True
    origins: tuple[Origin, ...] = ()
    program: Program | None = None

    @property
    def written(self) -> str:
        """What the author wrote: the SQL, or the code of the program."""
        return self.text if self.program is None else self.source

    @property
    def start(self) -> Place:
        """Where it begins."""
        return self.place(len(self.text) - len(self.text.lstrip()) if self.program is None else self.program.offset)

    def place(self, offset: int) -> Place:
        """Where in the file the character of ``written`` at ``offset`` (from 0) stands."""
        if self.origins:
            origin = self.origins[bisect_right(self.origins, offset, key=lambda origin: origin.start) - 1]
            return origin.file.place(origin.offset + min(offset - origin.start, origin.length))
        line = bisect_right(self._line_starts, offset)
        return Place(self.path, line, offset - self._line_starts[line - 1] + 1 + self.indent, self.source)

    def line_start(self, line: int) -> int:
        """The offset of the first character of a line (from 1) that is no blank."""
        start = self._line_starts[line - 1]
        return start + len(self.written[start:]) - len(self.written[start:].lstrip(" \t"))

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        while (newline := self.written.find("\n", starts[-1])) >= 0:
            starts.append(newline + 1)
        return starts


@dataclass(frozen=True)
class Statement:
    """One SQL command: its exact text (no comments around it, no semicolon) and where it stands in its script.

    Of a program it is what was sent at once, as it was sent. ``generated`` says that this stands nowhere in the file:
    at ``offset`` is the code that sent it.
    """

    script: Script
    offset: int
    text: str
    #: The grammar's name of it (``create_stmt``); empty where the script could not be parsed and is sent as a whole.
    kind: str = ""
    traits: Trait = Trait.NONE
    #: The objects that it creates: (kind, unqualified name).
    creates: tuple[tuple[str, str], ...] = ()
    #: What the server must have: ("extension" or "collation provider" or "locale", name).
    needs: tuple[tuple[str, str], ...] = ()
    generated: bool = False

    @property
    def place(self) -> Place:
        return self.place_at(0)

    def place_at(self, offset: int) -> Place:
        """Where the character of ``text`` at ``offset`` (from 0) stands, or what is next to it in the file."""
        blanks = len(self.text) - len(self.text.lstrip())
        return self.script.place(self.offset if self.generated else self.offset + max(offset, blanks))


@dataclass(frozen=True)
class Migration:
    """One versioned change: how to apply it and, where there is a down script, how to roll it back."""

    version: str
    #: What users call it and what ids begin with: the up file's path below the folder, in POSIX form, and where that
    #: file holds several migrations ``::`` and its ``part``.
    name: str
    up: Script
    down: Script | None = None
    #: Tables or migrations that it says it stands on (``-- Dependencies: users, grants``).
    dependencies: tuple[str, ...] = ()
    #: What the migration is called within its file, where that holds several; empty where the file is the migration.
    part: str = ""
    #: Whether its tool runs it again whenever it has changed (Flyway's ``R__``, Liquibase's ``runOnChange``).
    repeatable: bool = False
    #: A script that fails where the migration did not do what it is for (Sqitch's ``verify``).
    verify: Script | None = None
    #: What its tool tells it from others by, where that is not its name.
    known_as: str = ""
    #: Whether it stands for all up to its version on an empty database (Flyway's ``B__``, a checkpoint of Atlas).
    is_baseline: bool = False
    #: Whether it says to its tool that edits of it are meant (Liquibase's ``validCheckSum``).
    may_be_edited: bool = False

    @property
    def identity(self) -> str:
        """What is the same for as long as it is the same migration for its tool."""
        return self.known_as or self.name

    @property
    def path(self) -> Path:
        return self.up.path

    @property
    def scripts(self) -> tuple[Script, ...]:
        """The up script and, where there is one, the down script."""
        return (self.up,) if self.down is None else (self.up, self.down)


@dataclass(frozen=True)
class Problem:
    """What is wrong with the folder itself (two files of one version, an orphan rollback file, ...)."""

    path: Path
    message: str


@dataclass(frozen=True)
class InCode:
    """A migration that is no SQL, so that only its own tool can run it."""

    path: Path
    #: How many migrations of the history come before it.
    position: int

    @property
    def name(self) -> str:
        return self.path.name


class Order(Enum):
    """What says in which order migrations are applied."""

    #: Their versions.
    VERSIONS = auto()
    #: A list, or where they stand in their files: to be new is to come last.
    LIST = auto()
    #: What each says that it stands on, and nothing else.
    GRAPH = auto()


@dataclass(frozen=True)
class History:
    """The ordered sequence of all migrations in a folder."""

    folder: Path
    format: str
    migrations: tuple[Migration, ...]
    problems: tuple[Problem, ...] = ()
    #: What the user should know of how the folder was read, a sentence each: files that are left out on purpose, say.
    notes: tuple[str, ...] = ()
    #: Makes what the tool keeps its own records in, which every database has before the first migration.
    ledger: Migration | None = None
    order: Order = Order.VERSIONS
    #: What a baseline stands for: databases may have applied it, an empty one does not.
    superseded: tuple[Migration, ...] = ()
    #: What the tool runs among the migrations, and nobody else can.
    in_code: tuple[InCode, ...] = ()

    def __iter__(self) -> Iterator[Migration]:
        return iter(self.migrations)

    def __len__(self) -> int:
        return len(self.migrations)

    def position_of(self, wanted: str) -> int:
        """How many migrations are applied once the one of this version (or name) is, itself included.

        :raises LookupError: with what there is instead, where there is no such migration, or more than one.
        """
        names = [index for index, m in enumerate(self.migrations) if wanted in _names_of(m)]
        found = names or [index for index, m in enumerate(self.migrations) if _is_version(wanted, m.version)]
        if len(found) == 1:
            return found[0] + 1
        if found:
            both = " and ".join(self.migrations[index].name for index in found)
            raise LookupError(f"{both} are both {wanted}: name one of them as it is called here")
        near = get_close_matches(wanted, [migration.version for migration in self.migrations], cutoff=0.5)
        ends = f"the first is {self.migrations[0].version}, the last {self.migrations[-1].version}"
        raise LookupError(f"there is no migration {wanted!r}; {'near to it are ' + ', '.join(near) if near else ends}")

    @property
    def scripts(self) -> Iterator[Script]:
        return (script for migration in self.migrations for script in migration.scripts)


def how_much_later(distance: int) -> str:
    """How far behind another one a migration stands: ``two migrations later``."""
    counts = ("", "one migration", "two migrations", "three migrations")
    return f"{counts[distance] if distance < len(counts) else f'{distance} migrations'} later"


def _names_of(migration: Migration) -> set[str]:
    """Its name, and that without its suffix, or without what is the same in every folder of a migration."""
    return {migration.name, migration.name.rpartition(".")[0], migration.name.rpartition("/")[0]} - {""}


def _is_version(wanted: str, version: str) -> bool:
    """Whether it is the version, zeros before a number aside."""
    return wanted == version or (wanted.isdecimal() and version.isdecimal() and int(wanted) == int(version))
