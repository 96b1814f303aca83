"""The schema as the migrations make it, followed object by object."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.effects import Named
from pytest_migrations.effects.builtin import may_mean, row_functions
from pytest_migrations.validate.journal import Journal
from pytest_migrations.validate.provided import NOTHING
from pytest_migrations.validate.thing import Thing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_migrations.effects import Effect
    from pytest_migrations.validate.blindness import Blind
    from pytest_migrations.validate.provided import Provided

_Key = tuple[str, tuple[str, ...]]
#: Schemas that every database has.
_THERE = frozenset({"public", "pg_temp"})
#: Columns that every table has (PostgreSQL docs, 5.6 System Columns).
_SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "oid"})
#: Objects of which one cannot tell whether they are there: those of the whole cluster, those that PostgreSQL brings.
_NEVER_KNOWN = frozenset(
    {
        "role",
        "language",
        "collation",
        "conversion",
        "foreign-data wrapper",
        "default",
        "text search configuration",
        "text search dictionary",
        "text search parser",
        "text search template",
    }
)

_NOT_NULL = re.compile(r"_not_null\d*$")

_LONGEST = 63


class Schema:
    """Objects by name. Each change goes through the journal."""

    def __init__(self, provided: Provided = NOTHING) -> None:
        self.journal = Journal()
        self.things: dict[_Key, Thing] = {}
        #: Constraints by schema and name: those that PostgreSQL chooses are unique in their schema.
        self._constraints: dict[tuple[str, str], dict[Thing, None]] = {}
        self.blind: list[Blind] = []
        #: Kinds of objects that something else may bring: an extension of which nobody knows what it does.
        self.brought = frozenset(provided.kinds)
        #: What tables were called before that have what was not seen, which is called after them.
        self._called: dict[tuple[str, ...], Thing] = {}
        self._tools_tables = frozenset(provided.tables)
        #: How many effects there were.
        self.count = 0
        #: Schemas that something else than the migrations makes; names of columns and routines that were anywhere.
        self.foreign = set(provided.schemas)
        self._column_names: set[str] = set()
        self._routine_names: set[str] = set()
        self._temporary: list[_Key] = []

    # What is there

    def find(self, named: Named, also_in: Iterable[str] = ()) -> Thing | None:
        """The object of that name, in the first of the schemas that has it."""
        for schema in (named.path[0], *also_in):
            found = self._find(Named(named.kind, (schema, *named.path[1:])))
            if found is not None:
                return found
        return None

    def _find(self, named: Named) -> Thing | None:
        key = named.key
        if key in self.things:
            return self.things[key]
        if key[0] == "type":  # each relation is a type, and each type has one of arrays
            array = named.path[-1].startswith("_") and self.things.get(("type", (*key[1][:-1], key[1][-1][1:])))
            return self.things.get(("relation", key[1])) or array or None
        if key[0] == "column":
            return self._inherited(named)
        return None

    def _inherited(self, column: Named) -> Thing | None:
        table = self.things.get(("relation", column.path[:2]))
        for parent in table.parents if table else ():
            found = self._find(Named("column", (*parent.named.path, column.path[2])))
            if found is not None:
                return found
        return None

    def is_unknown(self, named: Named) -> bool:
        """Whether it may be there although nothing has made it."""
        schema = named.path[0]
        if named.kind in _NEVER_KNOWN or may_mean(named) or (named.kind == "schema" and schema in _THERE):
            return True
        if len(named.path) > 1:
            if schema not in _THERE and (schema in self.foreign or ("schema", (schema,)) not in self.things):
                return True
            if len(named.path) > 2 and self._is_part_unknown(named):
                return True
        is_of_tool = named.space == "relation" and named.path[-1] in self._tools_tables
        if is_of_tool or named.space in self.brought or (named.kind == "index" and self._may_be_copied(named)):
            return True
        if named.space == "routine" and self._may_be_no_call(named):
            return True
        return any(blind.may_have_made(named) for blind in self.blind)

    def _is_part_unknown(self, named: Named) -> bool:
        """Whether its table is unknown, or may have parts that were not seen."""
        owner = self.things.get(("relation", named.path[:2])) or self.things.get(("type", named.path[:2]))
        if owner is None or not owner.is_certain:
            return True
        if named.kind == "value":
            return owner.named.kind != "enum" or bool(self.blind)
        if named.kind == "column":
            name = named.path[2]
            return name in _SYSTEM_COLUMNS or self._may_be_a_call(name) or not self.has_known_columns(owner)
        if named.kind.endswith("constraint") and _NOT_NULL.search(named.path[2]):  # PostgreSQL 18 has them
            return True
        return _has_more(owner)

    def _may_be_copied(self, index: Named) -> bool:
        """Partitions and copies have the indexes of the other table, called after themselves and perhaps cut."""
        schema, name = index.path
        if len(name.encode()) >= _LONGEST:
            return True
        starts = (name[: found.start()] for found in re.finditer("_", name))
        paths = [(schema, start) for start in starts]
        tables = (self.things.get(("relation", path)) or self._called.get(path) for path in paths)
        return any(table is not None and _has_more(table) for table in tables)

    def _may_be_a_call(self, column: str) -> bool:
        """``t.name`` calls the function ``name`` with the row, where there is no such column."""
        return column in self._routine_names or column in row_functions()

    def _may_be_no_call(self, named: Named) -> bool:
        """``name(x)`` can be a cast to a type, and the column ``name`` of a row."""
        name = named.path[-1]
        return self._find(Named("type", named.path)) is not None or name in self._column_names

    def may_be_gone(self, thing: Thing) -> bool:
        """Whether what cannot be read may have dropped it."""
        return any(blind.may_have_dropped(thing.named, thing.born) for blind in self.blind)

    def columns(self, relation: Thing) -> list[Thing]:
        """The columns of a relation in their order, those of its parents first, as far as they are known."""
        inherited = (column for parent in relation.parents for column in self.columns(parent))
        own = (part for part in relation.parts if part.named.kind == "column")
        return list({column.named.path[-1]: column for column in (*inherited, *own)}.values())

    def has_known_columns(self, relation: Thing) -> bool:
        """Whether these are all that it has."""
        return relation.is_known and relation.is_certain and all(map(self.has_known_columns, relation.parents))

    # Changes

    def add(self, effect: Effect | None, named: Named, made_in: int, *, is_certain: bool, is_known: bool) -> Thing:
        """Put an object there, with what it goes with; one that is there is replaced."""
        self.count += 1
        thing = Thing(named, made_in, effect, self.count, is_certain=is_certain, is_known=is_known)
        self._note(named.key)
        self.journal.put(self.things, named.key, thing)
        self._enter(thing)
        if named.kind == "column":
            self._column_names.add(named.path[-1])
        elif named.space == "routine":
            self._routine_names.add(named.path[-1])
        if named.path[0] == "pg_temp" and len(named.path) == 2:
            self._temporary.append(named.key)
        if len(named.path) > 2:
            owner = self.things.get(("relation", named.path[:2])) or self.things.get(("type", named.path[:2]))
            if named.kind == "default":
                owner = self.things.get(("column", named.path)) or owner
        else:
            owner = self.things.get(("schema", named.path[:1])) if len(named.path) == 2 else None
        if owner is not None:
            self.belongs(thing, owner)
            thing.is_certain = is_certain and owner.is_certain
        return thing

    def belongs(self, thing: Thing, owner: Thing | None) -> None:
        """Say what goes with what."""
        if thing.owner is not None:
            self.journal.remove(thing.owner.parts, thing)
        self.journal.assign(thing, "owner", owner)
        if owner is not None:
            self.journal.put(owner.parts, thing, None)

    def needs(self, user: Thing, used: Thing) -> None:
        """Say what needs what, from now on."""
        self.journal.put(user.uses, used, None)
        self.journal.put(used.users, user, None)

    def needs_nothing(self, user: Thing) -> None:
        """Forget what it needs: it is made anew."""
        for used in list(user.uses):
            self.needs_no_more(user, used)

    def needs_no_more(self, user: Thing, used: Thing) -> None:
        """Say that it can do without."""
        self.journal.remove(used.users, user)
        self.journal.remove(user.uses, used)

    def drop(self, things: Iterable[Thing]) -> None:
        """Take them away with all that goes with them."""
        for thing in things:
            for part in thing.all_parts():
                self.needs_nothing(part)
                if part.owner is not None:
                    self.journal.remove(part.owner.parts, part)
                self._leave(part)
                if self.things.get(part.named.key) is part:
                    self._note(part.named.key)
                    self.journal.remove(self.things, part.named.key)

    def end_session(self) -> None:
        """Temporary tables go with the session that has made them."""
        for key in self._temporary:
            if key in self.things:
                self.drop([self.things[key]])
        self._temporary.clear()

    def rename(self, thing: Thing, to: Named) -> None:
        """Give it another name or schema, with all whose names hold its name."""
        old, new = thing.named.path, to.path
        if thing.named.space == "relation":
            self._called[old] = thing
        followers = [part for part in thing.all_parts() if part is not thing]
        self._rekey(thing, Named(thing.named.kind, new))
        if old[0] != new[0] and len(new) == 2:
            self.belongs(thing, self.things.get(("schema", new[:1])))
        for part in followers:
            path = part.named.path
            if path[: len(old)] == old:
                self._rekey(part, Named(part.named.kind, (*new, *path[len(old) :])))
            elif path[0] == old[0] and old[0] != new[0]:  # indexes and sequences move with their table
                self._rekey(part, Named(part.named.kind, (new[0], *path[1:])))

    def _rekey(self, thing: Thing, named: Named) -> None:
        self._note(thing.named.key)
        self._note(named.key)
        if self.things.get(thing.named.key) is thing:
            self.journal.remove(self.things, thing.named.key)
        self._leave(thing)
        self.journal.assign(thing, "named", named)
        self._enter(thing)
        self.journal.put(self.things, named.key, thing)

    def _enter(self, thing: Thing) -> None:
        if thing.named.kind == "constraint":
            path = thing.named.path
            self.journal.put(self._constraints.setdefault((path[0], path[-1]), {}), thing, None)

    def _leave(self, thing: Thing) -> None:
        if thing.named.kind == "constraint":
            path = thing.named.path
            self.journal.remove(self._constraints.get((path[0], path[-1]), {}), thing)

    def holders(self, named: Named, *, as_index: bool) -> list[Thing]:
        """What keeps PostgreSQL from choosing the name: other constraints of the schema that have it, and relations."""
        name = (named.path[0], named.path[-1])
        found = list(self._constraints.get(name, ())) if named.kind == "constraint" else []
        keys = [named.key, ("relation", name)] if as_index else [named.key]
        return found + [self.things[key] for key in keys if key in self.things]

    def _note(self, key: _Key) -> None:
        self.journal.before.setdefault(key, self.things.get(key))


def _has_more(table: Thing) -> bool:
    """Whether a table may have constraints and indexes that were not seen."""
    return not table.is_known or table.has_hidden_parts or bool(table.parents)
