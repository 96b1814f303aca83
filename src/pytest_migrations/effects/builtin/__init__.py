"""What PostgreSQL has of its own: functions, types, and what the extensions of its distribution bring.

The lists are those of pg_proc and pg_type in the schema pg_catalog, and of pg_depend for each extension of
pg_available_extensions, of PostgreSQL 15 and 18 together.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_migrations.effects.effect import Named

SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_toast"})


@lru_cache
def functions() -> frozenset[str]:
    """The names of the functions in pg_catalog."""
    return frozenset(_lines("functions.txt"))


@lru_cache
def types() -> frozenset[str]:
    """The names of the types in pg_catalog, those of its tables aside."""
    return frozenset(_lines("types.txt"))


@lru_cache
def row_functions() -> frozenset[str]:
    """The functions in pg_catalog that take a row of any table as their one argument: ``t.to_json`` calls one."""
    return frozenset(_lines("row_functions.txt"))


def may_mean(named: Named) -> bool:
    """Whether a name that the search path is asked for may mean what PostgreSQL has."""
    name = named.path[-1]
    if named.path[0] in SYSTEM_SCHEMAS:
        return True
    if named.space in ("relation", "type") and name.startswith("pg_"):
        return True
    known = {"routine": functions, "type": types}.get(named.space)
    return (known is not None and name in known()) or (named.kind, name) == ("extension", "plpgsql")


@lru_cache
def extensions() -> dict[str, dict[str, frozenset[str]]]:
    """For each extension that is known what it creates: names by kind (schema, relation, type, routine ...).

    Of its operator classes those that are called like one in pg_catalog, for another access method, are not told.
    """
    known: dict[str, dict[str, frozenset[str]]] = {}
    for line in _lines("extensions.txt"):
        extension, *contents = line.split()
        brought = known.setdefault(extension, {})
        if contents:
            brought[contents[0].replace("-", " ")] = frozenset(contents[1:])
    return known


@lru_cache
def operator_classes() -> frozenset[str]:
    """The operator classes that only extensions bring."""
    return frozenset().union(*(brought.get("operator class", ()) for brought in extensions().values()))


def _lines(name: str) -> list[str]:
    return (files(__package__) / name).read_text(encoding="ascii").splitlines()
