"""What the catalog says of a table, as far as it decides which rows the table takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True)
class Type:
    """A data type as a column has it.

    ``name`` is how SQL writes it in any session, with its modifiers: ``character varying(20)``, ``public.mood``.
    ``base`` is its name in pg_type, without schema and modifiers (``varchar``, ``mood``), ``modifier`` is atttypmod
    (PostgreSQL docs 53.7), -1 where there is none.
    """

    name: str
    kind: Literal["base", "enum", "domain", "composite", "array", "range", "multirange"]
    base: str
    modifier: int = -1
    #: Of an enum, in their order.
    labels: tuple[str, ...] = ()
    #: What an array has elements of, a range bounds of, a multirange ranges of, and what a domain is made from.
    element: Type | None = None
    #: Of a composite type, in their order.
    attributes: tuple[tuple[str, Type], ...] = ()
    #: Of a domain: its conditions as SQL over ``VALUE``.
    checks: tuple[str, ...] = ()
    #: Of a domain: whether it takes NULL.
    nullable: bool = True


@dataclass(frozen=True)
class Column:
    """``generated`` is the expression of a generated column, which takes no value. ``counts``: it counts by itself."""

    name: str
    type: Type
    #: Its attnum.
    position: int
    nullable: bool
    generated: str = ""
    has_default: bool = False
    counts: bool = False
    #: Whether an earlier migration has given it a value in each row.
    is_filled: bool = False

    @property
    def takes_null(self) -> bool:
        """Whether it does, and so the domains that its type is made of; none is put into one that was filled."""
        if self.is_filled:
            return False
        type_: Type | None = self.type
        while type_ and type_.kind == "domain":
            if not type_.nullable:
                return False
            type_ = type_.element
        return self.nullable


@dataclass(frozen=True)
class Check:
    """A condition on the ``columns`` of a row, as SQL that names them without their table."""

    name: str
    columns: frozenset[str]
    condition: str


@dataclass(frozen=True)
class ForeignKey:
    """The ``columns`` refer to the ``referred`` columns of the table with the OID ``target``.

    ``all_or_none`` says that either all or none of them are NULL (MATCH FULL). One that ``is_wished`` is none of the
    catalog: rows should refer to others, but one that does not is to be there as well.
    """

    name: str
    columns: tuple[str, ...]
    target: int
    referred: tuple[str, ...]
    all_or_none: bool = False
    is_wished: bool = False


@dataclass(frozen=True)
class Key:
    """A unique or exclusion constraint, or a unique index, and the columns that it looks at.

    ``takes_nulls`` says that rows with NULL in one of them are never in each other's way. ``by_value`` says that rows
    never are which differ in one of the columns: not so of an expression of them, and where ranges may not overlap.
    ``where`` is the condition of a unique index on some rows.
    """

    columns: frozenset[str]
    takes_nulls: bool
    by_value: bool = True
    where: str = ""


@dataclass(frozen=True)
class Table:
    """``name`` is how SQL writes it in any session, ``bare_name`` is without its schema, ``shown`` is for people."""

    oid: int
    name: str
    bare_name: str
    shown: str
    columns: tuple[Column, ...]
    checks: tuple[Check, ...] = ()
    keys: tuple[Key, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    #: Conditions that are true of any row on which the expressions of its indexes can be evaluated.
    evaluated: tuple[Check, ...] = ()
    #: Deferrable constraints and constraint triggers of it, as SQL names them, and whether each is deferred initially.
    #: The name is empty where SQL cannot name it without naming one that is not deferrable.
    deferrable: tuple[tuple[str, bool], ...] = ()
    #: Whether an INSERT calls triggers of the user's, which may do anything.
    has_triggers: bool = False
    #: Whether an INSERT is rewritten by rules of the user's.
    has_rules: bool = False
    #: Whether its rows are in partitions; else those of what inherits from it are not referred to as its own.
    is_partitioned: bool = False
    #: What tells which partition a row is in (``RANGE (day)``), where there is a default one for all others.
    partition_key: str = ""
    #: Why no row can ever be put into it (a partitioned table without partitions).
    cannot: str = ""
    #: The OID of the table that its rows are rows of as well: of a partition the topmost, else its own.
    root: int = 0
    #: Conditions that two rows should satisfy which are alike in all that may be the same.
    alike: tuple[str, ...] = ()
    #: The columns of its primary key, or else of another key without NULL; none where it has neither.
    identity: tuple[str, ...] = ()
    #: Another text where functions are others, which its CHECKs and triggers may call.
    functions: str = ""

    @property
    def schema(self) -> str:
        return self.shown.removesuffix(f".{self.bare_name}")

    def filled(self, columns: Collection[str]) -> Table:
        """The table with these columns filled by an earlier migration."""
        if not columns:
            return self
        of = tuple(replace(column, is_filled=column.name in columns) for column in self.columns)
        return replace(self, columns=of)

    @property
    def acts(self) -> bool:
        """Whether an INSERT may do anything else, or something else in its place."""
        return self.has_triggers or self.has_rules

    @property
    def meeting(self) -> frozenset[str]:
        """The columns in which rows should meet others that no foreign key asks for."""
        return frozenset(name for key in self.foreign_keys if key.is_wished for name in key.columns)

    @property
    def entangled(self) -> frozenset[str]:
        """The columns of foreign keys that are in several, or in one with others: what they refer to hangs on these."""
        named = [name for key in self.foreign_keys for name in key.columns]
        several = [key.columns for key in self.foreign_keys if len(key.columns) > 1]
        return frozenset(name for name in named if named.count(name) > 1).union(*several)

    @property
    def settling(self) -> frozenset[str]:
        """The columns in which a row can refer to a certain one of another table, where that is there."""
        return frozenset(key.columns[0] for key in self.foreign_keys if key.target != self.oid) - self.entangled

    @property
    def referred(self) -> str:
        """Its rows that foreign keys refer to, for the FROM of a query."""
        return self.name if self.is_partitioned else f"ONLY {self.name}"

    def can_lack(self, key: ForeignKey) -> bool:
        """Whether a row can be there that refers to none by this foreign key."""
        nullable = [column.takes_null for column in self.columns if column.name in key.columns]
        return key.is_wished or (all(nullable) if key.all_or_none else any(nullable))
