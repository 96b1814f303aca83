"""What does not go together: an effect and the schema that it meets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_migrations.effects import Effect, Named


class Trouble(Enum):
    """What is wrong with the object of the effect."""

    #: It is not there.
    MISSING = auto()
    #: It is there already.
    EXISTS = auto()
    #: It cannot be dropped or changed for what needs it.
    IN_USE = auto()
    #: A foreign key whose column has, or is given, another type than the column that it refers to.
    OTHER_TYPE = auto()
    #: A foreign key of more or fewer columns than those that it refers to.
    OTHER_COUNT = auto()
    #: A foreign key to columns that are not unique.
    NOT_UNIQUE = auto()
    #: It is dropped as another kind of relation than it is.
    OTHER_KIND = auto()
    #: CREATE OR REPLACE would change what stays as it is: the columns of a view, the result of a function.
    CANNOT_REPLACE = auto()
    #: It names a routine without arguments, and there are several of its name.
    AMBIGUOUS = auto()
    #: A unique key of a partitioned table without a column by which that is partitioned.
    WITHOUT_PARTITION_KEY = auto()
    #: The branch never runs, for the object that its condition asks for is created later.
    NEVER_RUNS = auto()
    #: The rollback drops, if it is there, what is not, and what the migration does not make.
    NAMES_NOTHING = auto()
    #: The rollback leaves there what the migration has made.
    LEFT_BEHIND = auto()
    #: The rollback takes away, or does not bring back, what was there before the migration.
    LOST = auto()


@dataclass(frozen=True)
class Made:
    """An object and the number of the migration that has made, dropped or renamed it, and how."""

    named: Named
    migration: int
    effect: Effect | None


@dataclass(frozen=True)
class Clash:
    """An effect of a migration that meets a schema in which it cannot do what it says."""

    trouble: Trouble
    migration: int
    effect: Effect
    #: Whether it is in the rollback.
    in_rollback: bool = False
    #: The object that is in the way, or that the foreign key refers to.
    other: Made | None = None
    #: What needs the object.
    users: tuple[Made, ...] = ()
    #: The first migration behind this one that makes what is missing.
    later: Made | None = None
    #: The last one before it that has dropped or renamed it.
    gone: Made | None = None
    #: The two types of a foreign key.
    types: tuple[str, str] = ("", "")
    #: Why it cannot be replaced, or what it is one too many of, as a clause; the column that a key lacks.
    reason: str = ""
