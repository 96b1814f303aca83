"""Where the reading of a script stands, and what it has found so far."""

from __future__ import annotations

import re
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.effects.builtin import SYSTEM_SCHEMAS, functions
from pytest_migrations.effects.effect import Condition, Effect, Guard, Mistake, Named, Opaque, Verb
from pytest_migrations.sql.grammar import Bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from pytest_migrations.effects.effect import Detail
    from pytest_migrations.migration import Script
    from pytest_migrations.sql.grammar import Tree

    #: By the grammar's name of the statement: what tells a reader of it.
    Readers = Mapping[str, Callable[["Reader", dict[str, Any]], None]]

#: What the search path is where nothing sets it; ``"$user"`` before it has no schema.
DEFAULT_PATH = ("public",)
_Node = dict[str, Any]
_NO_CONDITION = nullcontext()
_QUOTE = re.compile(r"\$(?:[^\W\d]\w*)?\$|'")


class Mark(NamedTuple):
    """Where a script can go back to: a savepoint of that name, or the beginning of its transaction, without one."""

    name: str
    #: The number of the statement that makes it.
    statement: int
    search_path: tuple[str, ...]
    lasting_path: tuple[str, ...]
    temporary: frozenset[str]


class Reader:
    """Collects effects. The functions for each kind of statement tell it what they see.

    Locations are bytes of the text that is read at the moment: the script's, or a part of it (the body of a block).
    """

    def __init__(self, script: Script, readers: Readers) -> None:
        self.script = script
        self._readers = readers
        self.effects: list[Effect] = []
        self.opaque: list[Opaque] = []
        self.mistakes: list[Mistake] = []
        self.search_path: tuple[str, ...] = DEFAULT_PATH
        #: The same without what holds only to the end of the transaction (SET LOCAL).
        self.lasting_path: tuple[str, ...] = DEFAULT_PATH
        self.marks: list[Mark] = []
        #: From which statement on another one has taken back what was done.
        self.undone: list[tuple[int, int]] = []
        #: Which statement of the script this is.
        self.number = 0
        #: From where to where in the text that is read the innermost one goes.
        self.start = 0
        self.end = 0
        self.condition = Condition.NONE
        self.guards: tuple[Guard, ...] = ()
        #: What holds on to all that the body of a routine names.
        self.routine: Named | None = None
        #: Whether the bodies of SQL functions are looked at when they are created (``check_function_bodies``).
        self.checks_bodies = True
        #: The variables of the PL/pgSQL block around: they are no columns.
        self.variables: frozenset[str] = frozenset()
        #: The temporary relations that there are, and those of them that a commit drops.
        self.temporary: set[str] = set()
        self.until_commit: set[str] = set()
        self.text = script.text
        self._base = 0
        self._bytes = Bytes(script.text)
        self._lower: str | None = None

    def read(self, trees: Iterable[Tree]) -> None:
        """Read statements of the text that is being read."""
        for tree in trees:
            self.start, self.end = tree.location, tree.end
            self.read_statement(tree.kind, tree.node)

    def read_statement(self, kind: str, node: _Node) -> None:
        """Read one statement, or one within another; kinds that do nothing to a schema are passed over."""
        if kind in self._readers:
            self._readers[kind](self, node)

    def tell(
        self,
        verb: Verb,
        named: Named | None,
        location: int | None = None,
        *,
        condition: Condition = Condition.NONE,
        by: Named | None = None,
        to: Named | None = None,
        cascade: bool = False,
        detail: Detail | None = None,
        among: tuple[Named, ...] = (),
        behind: int | None = None,
    ) -> None:
        """Say what happens to an object; what belongs to PostgreSQL itself (None) is passed over.

        Where the grammar keeps no ``location`` its name tells, said in the statement or ``behind`` a place in it.
        """
        if named is None:
            return
        if named.path[0] == "pg_temp" and not self.condition & Condition.BRANCH:
            self._follow_temporary(verb, named, to)
        offset = self.named_at(named.path[-1], behind) if location is None else self.at(location)
        also_in = self.search_path[1:] if verb is not Verb.CREATE and named.path[0] == self.search_path[0] else ()
        self.effects.append(
            Effect(
                verb,
                named,
                self.script,
                self.number,
                offset,
                self.condition | condition if condition else self.condition,
                self.guards,
                by or self.routine,
                to,
                cascade,
                detail,
                also_in,
                among,
            )
        )

    def _follow_temporary(self, verb: Verb, named: Named, to: Named | None) -> None:
        """What its bare name means from now on."""
        if verb in (Verb.DROP, Verb.RENAME) and named.space == "relation":
            self.temporary.discard(named.path[-1])
        if to is not None and to.space == "relation":
            self.temporary.add(to.path[-1])

    def cannot_read(
        self, reason: str, location: int, text: str = "", effects: tuple[Effect, ...] | None = None
    ) -> None:
        """Say that what happens at a place is not known, and why, and what is known of it."""
        self.opaque.append(Opaque(self.script, self.number, self.at(location), reason, text, self.routine, effects))

    def reject(self, message: str, offset: int, text: str) -> None:
        """Say that the server will reject the body ``text`` at a character of it, wherever the statement runs."""
        if not self.condition & (Condition.BRANCH | Condition.CAUGHT | Condition.CALLED) and self.checks_bodies:
            self.mistakes.append(Mistake(self.script, self._base + offset, message, self.number))
        self.cannot_read(message, len(text[:offset].encode()), text)

    def at(self, location: int) -> int:
        """Where in the script's text a location lies, in characters."""
        return min(self._base + self._bytes.characters(location), len(self.script.text))

    def body_at(self, location: int) -> int:
        """Where the text of a quoted body begins, in characters of the text that is read."""
        start = self.characters(location)
        quote = _QUOTE.search(self.text, start)
        return quote.end() if quote else start

    @property
    def statement_text(self) -> str:
        """The text of the innermost statement."""
        return self.text[self.characters(self.start) : self.characters(self.end)]

    def characters(self, location: int) -> int:
        """The same in the text that is read."""
        return self._bytes.characters(location)

    def named_at(self, name: str, behind: int | None = None) -> int:
        """Where the statement says a name whose place the grammar does not keep."""
        start = self._bytes.characters(self.start if behind is None else behind)
        if self._lower is None:
            self._lower = self.text.lower()
        wanted = name.lower()
        found = self._lower.find(wanted, start)
        while found >= 0 and not self._is_whole_word(found, len(wanted)):
            found = self._lower.find(wanted, found + 1)
        if found < 0:
            found = start + len(self.text[start:]) - len(self.text[start:].lstrip())
        return min(self._base + found, len(self.script.text))

    def _is_whole_word(self, start: int, length: int) -> bool:
        before, behind = self.text[start - 1 : start], self.text[start + length : start + length + 1]
        return not (before.isalnum() or before == "_" or behind.isalnum() or behind == "_")

    @contextmanager
    def inside(self, text: str, base: int) -> Iterator[None]:
        """Read a text that stands within the one that is read, from its character at ``base`` on."""
        outer = self.text, self._base, self._bytes, self._lower, self.start, self.end
        self._lower = None
        self.text, self._base, self._bytes, self.start, self.end = text, self._base + base, Bytes(text), 0, 0
        try:
            yield
        finally:
            self.text, self._base, self._bytes, self._lower, self.start, self.end = outer

    def under(
        self, condition: Condition = Condition.NONE, guards: Sequence[Guard] = ()
    ) -> AbstractContextManager[None]:
        """All that is told meanwhile happens only under these."""
        return self._under(condition, guards) if condition or guards else _NO_CONDITION

    @contextmanager
    def _under(self, condition: Condition, guards: Sequence[Guard]) -> Iterator[None]:
        outer = self.condition, self.guards
        self.condition, self.guards = self.condition | condition, (*self.guards, *guards)
        try:
            yield
        finally:
            self.condition, self.guards = outer

    @contextmanager
    def on_path(self, search_path: tuple[str, ...] | None) -> Iterator[None]:
        """Unqualified names mean these schemas; None leaves it as it is."""
        outer = self.search_path
        self.search_path = search_path or outer
        try:
            yield
        finally:
            self.search_path = outer

    # Names

    def new_relation(self, kind: str, node: _Node, *, goes_at_commit: bool = False) -> Named:
        """What a ``CREATE`` calls its relation."""
        name = node["relname"]
        if node.get("relpersistence") == "t":
            self.temporary.add(name)
            if goes_at_commit:
                self.until_commit.add(name)
            return Named(kind, ("pg_temp", name))
        return Named(kind, (node.get("schemaname") or self.search_path[0], name))

    def relation(self, node: _Node, kind: str = "relation") -> Named | None:
        """The relation that a RangeVar means, None where that is one of PostgreSQL's own."""
        return self._existing(kind, node.get("schemaname"), node["relname"])

    def new(self, kind: str, names: Sequence[_Node]) -> Named:
        """What a ``CREATE`` calls its object, given the parts of the name."""
        *schema, name = strings(names)
        return Named(kind, (schema[-1] if schema else self.search_path[0], name))

    def existing(self, kind: str, names: Sequence[_Node]) -> Named | None:
        """The object in a schema that the parts of a name mean; of what is within a table the parts go on."""
        *schema, name = strings(names)
        return self._existing(kind, schema[-1] if schema else None, name)

    def within(self, kind: str, names: Sequence[_Node]) -> Named | None:
        """What the parts of a name mean that is part of a table: ``[schema.]table.column``."""
        *table, name = strings(names)
        if not table:
            return None
        owner = self._existing("relation", table[-2] if len(table) > 1 else None, table[-1])
        return None if owner is None else Named(kind, (*owner.path, name))

    def called(self, names: Sequence[_Node], kind: str = "routine") -> Named | None:
        """The routine that a call means, None where it is one of PostgreSQL's own."""
        *schema, name = strings(names)
        if not schema:
            return None if name in functions() else Named(kind, (self.search_path[0], name))
        return None if schema[-1] in SYSTEM_SCHEMAS else Named(kind, (schema[-1], name))

    def _existing(self, kind: str, schema: str | None, name: str) -> Named | None:
        if schema is None:
            if name in self.temporary:
                return Named(kind, ("pg_temp", name))
            if kind == "relation" and name.startswith("pg_"):
                return None
            return Named(kind, (self.search_path[0], name))
        return None if schema in SYSTEM_SCHEMAS else Named(kind, (schema, name))


def part(kind: str, table: Named | None, name: str) -> Named | None:
    """What a part of a table (column, constraint, trigger, policy) is called."""
    return None if table is None else Named(kind, (*table.path, name))


def strings(nodes: Sequence[_Node]) -> list[str]:
    """The text of each of a list of String nodes."""
    return [node.get("String", {}).get("sval", "") for node in nodes]


def items(node: _Node) -> list[_Node]:
    """The nodes in a List, or of a name that is a TypeName."""
    if "List" in node:
        return list(node["List"].get("items", []))
    if "TypeName" in node:
        return list(node["TypeName"]["names"])
    return [node]
