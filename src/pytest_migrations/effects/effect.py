"""The words in which it is told what a script does to a schema."""

from __future__ import annotations

from enum import Enum, Flag, auto
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.errors import Place
    from pytest_migrations.migration import Script

#: Kinds of objects that share their names, and what they are called together: no table can be called as a view.
_SPACES = {
    **dict.fromkeys(
        ("table", "view", "materialized view", "foreign table", "index", "sequence", "composite type"), "relation"
    ),
    **dict.fromkeys(("enum", "domain", "range"), "type"),
    **dict.fromkeys(("function", "procedure", "aggregate"), "routine"),
}


class Named(NamedTuple):
    """An object: its kind and its name as PostgreSQL has it (folded), from the schema on: ("public", "users", "id").

    Where a script does not tell which kind of relation, type or routine it means, the kind is just that word. A
    routine's name is without its arguments.
    """

    kind: str
    path: tuple[str, ...]

    @property
    def space(self) -> str:
        """The kind of all that a name of this kind can be taken by."""
        return _SPACES.get(self.kind, self.kind)

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """What is equal for two names of one object."""
        return self.space, self.path

    @property
    def table(self) -> Named:
        """What a column, constraint, trigger or policy is part of."""
        return Named("relation", self.path[:2])

    @property
    def short(self) -> str:
        """Its name as one would write it: without the schema, where that is public."""
        path = self.path[1:] if len(self.path) > 1 and self.path[0] == "public" else self.path
        return ".".join(part if _is_plain(part) else '"' + part.replace('"', '""') + '"' for part in path)

    def __str__(self) -> str:
        return f"{self.kind} {self.short}"


def _is_plain(name: str) -> bool:
    return name.isidentifier() and name == name.lower()


class Verb(Enum):
    """What a statement does with an object."""

    CREATE = "creates"
    ALTER = "alters"
    DROP = "drops"
    RENAME = "renames"
    #: A query takes rows of it.
    READ = "reads"
    #: It has to be there for the statement: what a foreign key refers to, the type of a column, a trigger's function.
    REQUIRE = "requires"


class Condition(Flag):
    """On what it depends whether it happens."""

    NONE = 0
    #: It says so itself: nothing happens where the object is missing.
    IF_EXISTS = auto()
    #: Nothing happens where the object is there.
    IF_NOT_EXISTS = auto()
    #: It takes the place of the object that is there.
    OR_REPLACE = auto()
    #: In a branch or loop of a block: see ``Effect.guards``.
    BRANCH = auto()
    #: In a block that catches its errors: it stops nothing if it fails.
    CAUGHT = auto()
    #: In the body of a routine that is read when it is called, not when it is created (PL/pgSQL).
    CALLED = auto()
    #: In the body of an SQL function: it has to make sense when the function is created, and is done when it is called.
    BODY = auto()


class Guard(NamedTuple):
    """The condition of a branch: whether ``object`` is there; None where it asks for something else."""

    object: Named | None
    is_there: bool = True


class Column(NamedTuple):
    """What is told of a new or changed column: its type as PostgreSQL prints it, ``""`` where that is not known.

    It can be that of the column ``of``, which a query takes it from.
    """

    type: str
    of: Named | None = None


class Key(NamedTuple):
    """What is told of a constraint or index.

    ``is_unique`` says that a foreign key can refer to the columns. A foreign key has ``refers``, and ``referred`` are
    that table's columns (none: its primary key). ``columns`` are empty where it is over expressions. ``on`` is the
    table of an index. Where ``is_automatic``, PostgreSQL chooses the name, and puts a number behind one that is taken.
    A key or exclusion ``has_index`` of its name.
    """

    columns: tuple[str, ...] = ()
    is_unique: bool = False
    is_primary: bool = False
    refers: Named | None = None
    referred: tuple[str, ...] = ()
    on: Named | None = None
    is_automatic: bool = False
    has_index: bool = False


class Signature(NamedTuple):
    """The types of the arguments by which a routine is told from others of its name; None: not said.

    Of a new one also their names, and the type of its result where that is not made of parameters.
    """

    arguments: tuple[str, ...] | None
    names: tuple[str, ...] = ()
    returns: str = ""


class Shape(NamedTuple):
    """What is told of a new relation: whether all its columns are told, and of which others it has theirs as well.

    Of ``copies`` (LIKE) it has those that they have at that time, of ``parents`` those that they get later, too; a
    partition goes with its parent. One that ``has_left`` has none of its parents from then on. The columns by which it
    is partitioned are its ``partition_key``, where that is of columns only.
    """

    is_known: bool = True
    copies: tuple[Named, ...] = ()
    parents: tuple[Named, ...] = ()
    is_partition: bool = False
    has_left: bool = False
    partition_key: tuple[str, ...] = ()


class Star(NamedTuple):
    """All the columns that a relation has at that time (``*``): a query reads them, or a new relation has them."""

    of: Named
    #: Whether a new relation's columns are of their types.
    is_typed: bool = True


class Owned(NamedTuple):
    """What a sequence (a column) or an index (a constraint) goes with from then on; None: with nothing."""

    owner: Named | None
    #: Whether PostgreSQL chooses the name, as it does for the sequence of a serial column.
    is_automatic: bool = False


Detail = Column | Key | Signature | Shape | Star | Owned


class Effect(NamedTuple):
    """One thing that a statement does with one object."""

    verb: Verb
    object: Named
    script: Script
    #: The number of the statement in its script, from 0.
    statement: int
    #: Where in ``script.text`` the object is named, in characters from 0.
    offset: int
    condition: Condition = Condition.NONE
    #: All of these have to hold, from the outermost on.
    guards: tuple[Guard, ...] = ()
    #: What of this statement goes on needing the object afterwards: the view that reads it, the constraint.
    by: Named | None = None
    #: What it is called from then on, where it is renamed or moved to another schema; where an extension's objects go.
    to: Named | None = None
    #: DROP ... CASCADE, and CREATE EXTENSION ... CASCADE, which brings others along.
    cascade: bool = False
    detail: Detail | None = None
    #: The other schemas of the search path, where the name was written without one.
    also_in: tuple[str, ...] = ()
    #: The other columns that a name without a table in front may mean: exactly one of them all is there.
    among: tuple[Named, ...] = ()

    @property
    def place(self) -> Place:
        return self.script.place(self.offset)

    @property
    def is_certain(self) -> bool:
        """Whether it happens wherever the script runs."""
        return not self.condition & (Condition.BRANCH | Condition.CALLED | Condition.BODY)


class Opaque(NamedTuple):
    """A place that cannot be read: what it does is known only when it runs."""

    script: Script
    statement: int
    offset: int
    #: Why, as the end of "cannot be read: ...".
    reason: str
    #: What stands around it: of what it does not speak (CREATE, COLUMN, ...) it does nothing.
    text: str = ""
    #: The routine that it is in: it matters when that is called.
    by: Named | None = None
    #: What it does, with ``*`` in names for what is computed; None where that is not known either.
    effects: tuple[Effect, ...] | None = None

    @property
    def place(self) -> Place:
        return self.script.place(self.offset)


class Mistake(NamedTuple):
    """Where the grammar does not understand the script, or the body in the statement of that number, from 0.

    Nothing else of the script has been read where the number is None.
    """

    script: Script
    offset: int
    message: str
    statement: int | None = None

    @property
    def place(self) -> Place:
        return self.script.place(self.offset)


class Effects(NamedTuple):
    """What a script does, in the order in which it does it."""

    effects: tuple[Effect, ...] = ()
    opaque: tuple[Opaque, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    #: What the statement of the second number (ROLLBACK) takes back: all between that of the first and itself.
    undone: tuple[tuple[int, int], ...] = ()

    def of(self, *verbs: Verb) -> Iterator[Effect]:
        """Those of these verbs that last."""
        return (effect for effect in self.effects if effect.verb in verbs and self._lasts(effect.statement))

    def _lasts(self, statement: int) -> bool:
        return not any(first < statement < last for first, last in self.undone)

    @property
    def by_statement(self) -> dict[int, tuple[Effect, ...]]:
        """The effects of each statement that has some, by its number from 0."""
        found: dict[int, list[Effect]] = {}
        for effect in self.effects:
            found.setdefault(effect.statement, []).append(effect)
        return {number: tuple(effects) for number, effects in found.items()}
