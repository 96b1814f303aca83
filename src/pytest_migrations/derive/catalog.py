"""Reads from the catalog what there is within scopes, as the facts by which snapshots are compared.

It disturbs nothing: what it sends is not kept, and where the server refuses it the transaction is as it was.
"""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from psycopg import errors

from pytest_migrations.catalog.kinds.kind import Reader
from pytest_migrations.catalog.session import BY_INDEX, NOT_TEMPORARY, aside, pinned
from pytest_migrations.derive.names import Entry, literal
from pytest_migrations.derive.order import Need
from pytest_migrations.derive.queries import (
    ALL_IN,
    DEPENDENTS,
    FOUND,
    NEEDS,
    NESTED,
    REACHED,
    SEQUENCES,
    SESSION,
    TYPE,
    UNSEEN,
)
from pytest_migrations.derive.scopes import merged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from psycopg.pq.abc import PGresult

    from pytest_migrations.catalog.kinds.kind import Kind
    from pytest_migrations.derive.queries import Asked
    from pytest_migrations.derive.scopes import Family, Scope

#: The objects by (kind, name), with what is known of each; names are as SQL needs them.
Facts = dict[tuple[str, str], dict[str, Any]]

_PATH = "select set_config('pytest_migrations.path', current_schemas(true)::text, true);"


class Session(NamedTuple):
    """What holds for all statements of a session until one of them changes it."""

    #: Where unqualified things are made; empty where the path names no schema that there is.
    schema: str
    #: Where they are looked for.
    path: list[str]
    #: Those that are enabled.
    event_triggers: list[str]
    has_default_privileges: bool
    #: Whether there are functions, beside PostgreSQL's own and those that only triggers call, which may write.
    has_writing_functions: bool


class Unseen(NamedTuple):
    """What may write without saying so, by its names without a schema."""

    #: The functions themselves, and the operators, types and views that call them.
    calls: frozenset[str]
    #: The tables that call them for each row that is written: in a default, a check, a policy, a domain.
    tables: frozenset[str]


NOTHING_UNSEEN = Unseen(frozenset(), frozenset())


class Reached(NamedTuple):
    """What else is concerned where rows of a table are written."""

    #: Triggers and rules of it and of its descendants, foreign keys that refer to it.
    runs_code: bool
    #: (schema, name) of the tables that inherit from it or are its partitions, at any depth.
    descendants: list[tuple[str, str]]


#: What has been prepared in a session, which is there until somebody takes it away.
_prepared: WeakKeyDictionary[psycopg.Connection[Any], set[str]] = WeakKeyDictionary()


class Catalog:
    """The catalog as the session of a migration sees it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._reader = Reader(connection.info.server_version // 10000, superuser=False)
        self._prepared = _prepared.setdefault(connection, set())

    @property
    def version(self) -> int:
        """The server's major version."""
        return self._reader.version

    def read(self, scopes: Sequence[Scope]) -> Facts:
        """What there is within the scopes. Raises psycopg.Error where the server refuses to tell."""
        asked = merged(scopes)
        needed = {name: text for scope in asked for name, text in _preparing(scope.family, self._reader).items()}
        execute = "".join(map(_execute, asked))

        def run(sql: str) -> list[PGresult]:
            return pinned(self._connection, NOT_TEMPORARY + sql, first=_PATH)

        results = self._run(needed, execute, run)
        facts: Facts = {}
        for result in results:
            for row in range(result.ntuples if result.fname(0) == b"facts" else 0):
                for item in json.loads(result.get_value(row, 0) or b"[]"):
                    item.pop("relation", None)
                    facts[item.pop("kind"), item.pop("name")] = item
        return facts

    def session(self) -> Session:
        """What holds for all statements."""
        return Session(*self._row(SESSION))

    def find(self, name: str, schemas: list[str]) -> list[Any] | None:
        """The first relation of this name in the schemas.

        Its schema, its kind, an index's table, whether it has children and whether it is one.
        """
        row: list[Any] | None = self._row(FOUND, name, schemas)
        return row

    def schema_of_type(self, name: str, schemas: list[str]) -> str:
        """The schema of the first type of this name; empty where there is none."""
        row = self._row(TYPE, name, schemas)
        return str(row[0]) if row else ""

    def names_in(self, word: str, schemas: list[str]) -> list[tuple[str, str]]:
        """(schema, name) of all that GRANT ... ON ALL ... IN SCHEMA is about, by the grammar's word for what it is."""
        row = self._row(ALL_IN, {"TABLE": list("rvmfp"), "SEQUENCE": ["S"]}.get(word, []), schemas)
        return [(schema, name) for schema, name in row[0] or []]

    def unseen(self) -> Unseen:
        """What may write without saying so."""
        calls, tables = self._row(UNSEEN)
        return Unseen(frozenset(calls or ()), frozenset(tables or ()))

    def reached_from(self, schema: str, name: str) -> Reached:
        """What else is concerned where rows of a table are written."""
        runs_code, descendants = self._row(REACHED, schema, name)
        return Reached(bool(runs_code), [(schema, name) for schema, name in descendants or ()])

    def sequences(self, said: Sequence[tuple[str, ...]]) -> list[tuple[str, str]]:
        """The sequences of these names, or of these tables and columns, each with the table whose it is or ''."""
        row = self._row(SEQUENCES, [words[0] for words in said], [words[1] if words[1:] else "" for words in said])
        return [(name, owner) for name, owner in row[0] or []]

    def positions(self, sequences: Sequence[str]) -> dict[str, tuple[int, bool]]:
        """Where sequences stand: the last value, and whether it was taken."""
        if not sequences:
            return {}
        asked = (f"select last_value, is_called from {name}" for name in sequences)
        (result, *_) = pinned(self._connection, " union all ".join(asked))
        rows = ((result.get_value(row, 0), result.get_value(row, 1)) for row in range(result.ntuples))
        return {name: (int(last or 0), called == b"t") for name, (last, called) in zip(sequences, rows, strict=True)}

    def dependents(self, schema: str, name: str) -> list[str]:
        """What CASCADE would take along with a relation."""
        row = self._row(DEPENDENTS, schema, name)
        return [] if row is None else [name.removeprefix("rule _RETURN on ") for name in row[0] or ()]

    def needs(self, entries: list[Entry]) -> list[Need]:
        """Which of some objects need which others of them."""
        row = self._row(NEEDS, [entry.kind for entry in entries], [entry.name for entry in entries])
        return [Need(entries[x - 1], entries[y - 1], goes_with) for x, y, goes_with in row[0] or []]

    def _row(self, asked: Asked, *parameters: Any) -> Any:
        """The first row of the answer, or None."""
        name = f'"pytest_migrations derive {asked.name}"'
        needed = {name: f"prepare {name} as select pg_catalog.to_json(q) from ({asked.query}) q;"}
        values = f"({', '.join(['%s'] * len(parameters))})" if parameters else ""
        execute = psycopg.ClientCursor(self._connection).mogrify(f"execute {name}{values}", parameters)
        (result, *_) = self._run(needed, execute, lambda sql: aside(self._connection, asked.settings + sql))
        return list(json.loads(result.get_value(0, 0) or b"").values()) if result.ntuples else None

    def _run(self, needed: Mapping[str, str], execute: str, run: Callable[[str], list[PGresult]]) -> list[PGresult]:
        """Execute prepared statements; those that are ``needed`` and not there are prepared before, by their texts."""
        new = (text for name, text in needed.items() if name not in self._prepared)
        try:
            results = run("".join(new) + execute)
        except (errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement):
            forget = "".join(f"deallocate {name};" for name in self._there() & needed.keys())
            results = run(forget + "".join(needed.values()) + execute)
        self._prepared.update(needed)
        return results

    def _there(self) -> set[str]:
        (result, *_) = pinned(self._connection, "select quote_ident(name) from pg_prepared_statements")
        return {(result.get_value(row, 0) or b"").decode() for row in range(result.ntuples)}


@lru_cache(maxsize=64)
def _preparing(family: Family, reader: Reader) -> Mapping[str, str]:
    """What prepares the statements of a family, by their names; it is put together from all that its kinds ask."""
    if not family.roots:
        return {_name(family): _query(family, reader, "facts", family.kinds)}
    kept = (
        f"set_config('pytest_migrations.{name}', coalesce(array_agg(r.oid){which}, '{{}}')::text, true)"
        for name, which in (("whole", ""), ("parts", " filter (where r.has_parts)"))
    )
    named = f"({family.roots}) r(oid, has_parts) where r.oid is not null;"
    roots = f"(name[], name[], name[]) as select {', '.join(kept)} from {named}"
    return {
        _name(family, "roots"): f"prepare {_name(family, 'roots')}{roots}",
        _name(family, "parts"): _query(family, reader, "parts", [kind for kind in family.kinds if kind.parts]),
        _name(family): _query(family, reader, "facts", [kind for kind in family.kinds if not kind.parts]),
    }


def _query(family: Family, reader: Reader, what: str, of: Sequence[Kind]) -> str:
    few = bool(family.roots)
    texts = [f"select (select json_agg(r) from ({kind.sql(reader, only=few)}) r) as facts" for kind in of]
    query = " union all ".join(texts) or "select null::json as facts"
    return f"prepare {_name(family, what)}{'(oid[])' if few else ''} as {query};"


def _name(family: Family, what: str = "facts") -> str:
    return f'"pytest_migrations derive {family.name} {what}"'


def _execute(scope: Scope) -> str:
    family = scope.family
    if not family.roots:
        return f"execute {_name(family)};"
    schemas = [name[-2] if len(name) > 1 else "" for name in scope.names]
    path = "current_setting('pytest_migrations.path')::name[]"
    roots = f"{_array(schemas)}, {_array([name[-1] for name in scope.names])}, {path}"
    whole, parts = (f"(current_setting('pytest_migrations.{name}')::oid[])" for name in ("whole", "parts"))
    return (
        f"{NESTED} execute {_name(family, 'roots')}({roots}); execute {_name(family)}{whole};"
        f"{BY_INDEX} execute {_name(family, 'parts')}{parts};"
    )


def _array(words: Sequence[str]) -> str:
    return "array[" + ", ".join(literal(word) for word in words) + "]::name[]"
