"""What the server is asked: prepared statements, of which each row is a page, or one relation's part of a page."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_migrations.catalog.kinds.kind import Kind, Reader


_OIDS = "oid[]"


class Question(NamedTuple):
    """A prepared statement and what it is executed with."""

    #: The pages that the answer has, with or without rows.
    pages: tuple[str, ...]
    #: The query for a reader: a page's name, the relation that it is about or 0, and the text of the rows.
    query: Callable[[Reader], str]
    #: The type of the statement's one parameter and its value, as SQL; empty where there is none.
    parameter: str = ""
    value: str = ""

    @property
    def of_few(self) -> bool:
        """Whether it is about certain relations."""
        return self.parameter == _OIDS

    @property
    def statement(self) -> str:
        """The name of the prepared statement."""
        return f'"pytest_migrations {self.pages[0]} {len(self.pages)} {self.parameter}"'

    def prepare(self, reader: Reader) -> str:
        return f"prepare {self.statement}{self._in_brackets(self.parameter)} as {self.query(reader)};"

    @property
    def execute(self) -> str:
        return f"execute {self.statement}{self._in_brackets(self.value)};"

    @staticmethod
    def _in_brackets(text: str) -> str:
        return f"({text})" if text else ""


def all_of(*kinds: Kind) -> Question:
    """All objects of some kinds."""

    def query(reader: Reader) -> str:
        return " union all ".join((_parts if kind.parts else _page)(kind.name, kind.sql(reader)) for kind in kinds)

    return Question(tuple(kind.name for kind in kinds), query)


def of_some(kinds: Sequence[Kind], relations: Iterable[int]) -> Question:
    """The objects of some kinds that are parts of certain relations, by their OIDs."""

    def query(reader: Reader) -> str:
        return " union all ".join(_parts(kind.name, kind.sql(reader, only=True)) for kind in kinds)

    value = f"'{{{','.join(map(str, relations))}}}'"
    return Question(tuple(kind.name for kind in kinds), query, _OIDS, value)


def _page(name: str, query: str) -> str:
    return f"""
        select '{name}', 0::oid, (
            select string_agg(r::text, '' order by r.kind, r.name::text collate "C")
            from ({query} offset 0) r)"""


def _parts(name: str, query: str) -> str:
    # The record without its first field, the relation.
    return f"""
        select '{name}', r.relation,
            string_agg(substr(r::text, 2 + length(r.relation::text)), '' order by r.kind, r.name::text collate "C")
        from ({query} offset 0) r
        group by r.relation"""
