"""An object of the schema that is followed through the history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_migrations.effects import Effect, Key, Named


@dataclass(eq=False)
class Thing:
    """A table, column, constraint, ... as it is at some point of the history; two are the same if they are one."""

    named: Named
    #: The number of the migration that made it, and what it did; None for what is only taken to be there.
    made_in: int
    made_by: Effect | None
    #: How many effects there were before it: what cannot be read and comes later may have dropped it.
    born: int
    #: Whether it is there for sure.
    is_certain: bool = True
    #: Whether all its columns and other parts are known.
    is_known: bool = True
    #: Whether it may have constraints and the like that were not seen: it is a copy or a partition.
    has_hidden_parts: bool = False
    #: Type of a column.
    type: str = ""
    key: Key | None = None
    #: The columns by which it is partitioned; empty where that is by more than columns.
    partition_key: tuple[str, ...] = ()
    #: By their arguments what has made the routines of this name; None where that is not certain.
    signatures: dict[tuple[str, ...], Effect | None] = field(default_factory=dict)
    #: What it goes with: the table of a column, index or trigger, the column that owns a sequence.
    owner: Thing | None = None
    #: What goes with it.
    parts: dict[Thing, None] = field(default_factory=dict)
    #: What it needs, and what needs it.
    uses: dict[Thing, None] = field(default_factory=dict)
    users: dict[Thing, None] = field(default_factory=dict)
    #: The numbers of the migrations that have used it.
    touched_by: set[int] = field(default_factory=set)
    #: Tables whose columns it has, too.
    parents: dict[Thing, None] = field(default_factory=dict)

    def all_parts(self) -> dict[Thing, None]:
        """Itself and all that goes with it."""
        found: dict[Thing, None] = {}
        waiting = [self]
        while waiting:
            thing = waiting.pop()
            if thing not in found:
                found[thing] = None
                waiting.extend(thing.parts)
        return found
