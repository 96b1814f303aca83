"""What is to be done about a statement so that it can be taken back, and what the statement may ask for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pytest_migrations.derive.catalog import NOTHING_UNSEEN
from pytest_migrations.derive.names import Entry, dotted
from pytest_migrations.derive.scopes import name_of

if TYPE_CHECKING:
    from typing import Any

    from pytest_migrations.derive.catalog import Catalog, Session, Unseen
    from pytest_migrations.derive.scopes import Name, Scope
    from pytest_migrations.derive.state import Back, State

RELATION_WORDS = {
    "r": "TABLE",
    "p": "TABLE",
    "v": "VIEW",
    "m": "MATERIALIZED VIEW",
    "S": "SEQUENCE",
    "f": "FOREIGN TABLE",
    "i": "INDEX",
    "I": "INDEX",
    "c": "TYPE",
}


class Moved(NamedTuple):
    """That the statement calls one object something else: its kinds, and the clause that takes that back."""

    kinds: tuple[str, ...]
    #: Makes the clause behind ALTER ... of what the object was called before.
    clause: str


@dataclass(frozen=True)
class Plan:
    """What is known of a statement by its tree, and in which scopes the rest is seen.

    Where the tree tells all, ``backs`` are the statements that take it back, ``makes`` what it makes, and ``renames``
    what it calls otherwise. ``missing`` are reasons why it is not taken back, or not all of it, each a sentence without
    its full stop. What differs within the ``scopes`` is put back as well.
    """

    backs: tuple[Back, ...] = ()
    makes: tuple[Entry, ...] = ()
    renames: tuple[tuple[Entry, Entry], ...] = ()
    missing: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ()
    #: The sequences, not of the script's own, that it may set to another position.
    sequences: tuple[str, ...] = ()
    moved: Moved | None = None
    #: The objects of the script's own that it changes in ways that need no way back.
    touches: tuple[Entry, ...] = ()
    #: Of a DROP: the objects of the script's own that are gone.
    loses: tuple[Entry, ...] = ()


NOTHING = Plan()
#: That the script has made temporary relations, whichever are left of them.
TEMPORARY = Entry("temporary", "")
#: That tables which were there before became partitions or children of some that the script has made.
ADOPTED = Entry("adopted", "")


class Found(NamedTuple):
    """A relation that a statement names, as it is before the statement."""

    schema: str
    name: str
    #: The word for it (``TABLE``).
    word: str
    #: The table of an index, without its schema, which is the index's; empty for all others.
    table: str = ""
    has_children: bool = False
    is_partitioned: bool = False
    is_inheriting: bool = False
    is_made: bool = False
    #: Of a table of the script's own: whether there may be others than the script's own among those that inherit.
    adopts: bool = False

    @property
    def is_temporary(self) -> bool:
        """Whether it goes with the session."""
        return self.schema.startswith("pg_temp")

    @property
    def sql(self) -> str:
        return dotted(self.schema, self.name)

    @property
    def entry(self) -> Entry:
        return Entry("relation", self.sql)

    @property
    def touched(self) -> Plan:
        """The plan for a statement that only changes what the script has made itself."""
        reason = f"what it does to {self.sql} goes on to tables that this script has not made"
        touches = (Entry("relation", dotted(self.schema, self.table or self.name)),)
        return Plan(touches=touches, missing=(reason,) if self.adopts else ())


class Context:
    """What a plan may ask: of the script so far, and of the catalog before the statement."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._state: State
        self._found: dict[Name, Found | None] = {}
        self._known: Session | None = None
        self._unseen: Unseen | None = None

    def begin(self, state: State) -> None:
        """A statement begins in this state."""
        self._state, self._found, self._unseen = state, {}, None

    def forget_session(self) -> None:
        """The statement may have changed the search path, or what else holds for the session."""
        self._known = None

    @property
    def schema(self) -> str:
        """Where unqualified things are made."""
        return self._session.schema

    @property
    def event_triggers(self) -> list[str]:
        """The event triggers that may run at any statement."""
        return self._session.event_triggers

    @property
    def has_default_privileges(self) -> bool:
        """Whether there are ALTER DEFAULT PRIVILEGES, by which new objects come with other privileges than usual."""
        return self._session.has_default_privileges

    @property
    def unseen(self) -> Unseen:
        """What may write without telling; asked only where there are functions that may."""
        if self._unseen is None:
            self._unseen = self.catalog.unseen() if self._session.has_writing_functions else NOTHING_UNSEEN
        return self._unseen

    @property
    def _session(self) -> Session:
        if self._known is None:
            self._known = self.catalog.session()
        return self._known

    def is_made(self, entry: Entry) -> bool:
        """Whether the script has made the object itself."""
        return entry in self._state.made

    def target(self, range_var: Any) -> str:
        """The name, as SQL needs it, of a relation that a statement makes."""
        return dotted(range_var.schemaname or self.schema, range_var.relname)

    def is_table(self, name: Name) -> bool:
        """Whether the relation of this name is a table, or an index of one."""
        found = self.find(name)
        return found is not None and found.word in ("TABLE", "INDEX")

    def find(self, name: Name) -> Found | None:
        """The relation of this name, or None where there is none."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: Name) -> Found | None:
        schema = name[-2] if len(name) > 1 else self.schema
        # Temporary relations and those of PostgreSQL come first on every path.
        is_first = len(name) > 1 or not (self.is_made(TEMPORARY) or name[-1].startswith("pg_"))
        if is_first and self.is_made(Entry("relation", dotted(schema, name[-1]))):
            return Found(schema, name[-1], "TABLE", is_made=True, adopts=self._may_adopt(schema, name[-1]))
        row = self.catalog.find(name[-1], [name[-2]] if len(name) > 1 else self._session.path)
        if row is None:
            return None
        schema, kind, table, has_children, is_inheriting = row
        found = Found(schema, name[-1], RELATION_WORDS[kind], table, has_children, kind in "pI", is_inheriting)
        owner = Entry("relation", dotted(schema, table or name[-1]))
        is_made = found.is_temporary or self.is_made(owner)
        return found._replace(is_made=is_made, adopts=is_made and has_children and self.is_made(ADOPTED))

    def _may_adopt(self, schema: str, name: str) -> bool:
        row = self.catalog.find(name, [schema]) if self.is_made(ADOPTED) else None
        return row is not None and row[3]

    def schema_of_type(self, name: Name) -> str:
        """The schema of a type that there is."""
        if len(name) > 1:
            return name[-2]
        if self.is_made(Entry("type", dotted(self.schema, name[-1]))):
            return self.schema
        return self.catalog.schema_of_type(name[-1], self._session.path)

    def type_names(self, name: Name) -> Name:
        """The name of a type with its schema."""
        return (self.schema_of_type(name), name[-1])

    def find_relation(self, range_var: Any) -> Found | None:
        return self.find(name_of(range_var))


class Planner(Protocol):
    """Makes the plan for a kind of statements."""

    def __call__(self, node: Any, context: Context) -> Plan: ...
