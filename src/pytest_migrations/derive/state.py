"""What is known of a script so far: how each of its statements is undone, and which objects it has made itself.

What a script has made goes when the statement that made it is undone, with all that was done to it since. So nothing of
that needs undoing of its own, and what the script drops again needs none at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.derive.names import Entry, bare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_migrations.migration import Statement


class Back(NamedTuple):
    """A statement on the way back, and the object that it is about, where it is one that the script has made."""

    sql: str
    about: Entry | None = None


class Said(NamedTuple):
    """Why a statement is not undone."""

    statement: Statement
    reason: str


@dataclass(frozen=True)
class Step:
    """What undoes one statement, in the order in which it runs."""

    statement: Statement
    backs: tuple[Back, ...] = ()


@dataclass(frozen=True)
class State:
    """What is known behind a statement. It is never altered, so that a ROLLBACK TO has the one before."""

    steps: tuple[Step, ...] = ()
    missing: tuple[Said, ...] = ()
    #: The objects that the script has made and that are there, each with the number of the step that made it.
    made: dict[Entry, int] = field(default_factory=dict)

    def doing(self, statement: Statement, backs: Iterable[Back], missing: Iterable[str] = ()) -> State:
        """The state behind one more statement."""
        step = Step(statement, tuple(backs))
        said = tuple(Said(statement, reason) for reason in dict.fromkeys(missing))
        return replace(self, steps=(*self.steps, step), missing=self.missing + said)

    def making(self, entries: Iterable[Entry]) -> State:
        """The state in which the last statement has made objects."""
        return replace(self, made={**self.made, **dict.fromkeys(entries, len(self.steps) - 1)})

    def renaming(self, old: Entry, new: Entry) -> State:
        """The state in which an object is called something else."""
        if old not in self.made:
            return self
        made = {new if entry == old else entry: step for entry, step in self.made.items()}
        steps = tuple(
            replace(step, backs=tuple(back._replace(about=new) if back.about == old else back for back in step.backs))
            for step in self.steps
        )
        return replace(self, made=made, steps=steps)

    def losing(self, entry: Entry) -> tuple[State, str]:
        """The state in which an object that the script has made is gone again, and why that is not all; empty if it is.

        What was to undo its making goes; what is to undo something else may need it.
        """
        since = self.made[entry]
        steps = tuple(
            replace(step, backs=tuple(back for back in step.backs if back.about != entry)) if number >= since else step
            for number, step in enumerate(self.steps)
        )
        made = {other: step for other, step in self.made.items() if other != entry}
        name = re.compile(rf"(?<![\w$]){re.escape(bare(entry.name.partition(' on ')[0]).partition('(')[0])}(?![\w$])")
        needed = any(name.search(back.sql) for step in steps[since:] for back in step.backs)
        reason = f"{entry.name} is needed on the way back to where this script made it" if needed else ""
        return replace(self, made=made, steps=steps), reason

    def taking(self, entry: Entry) -> State:
        """The state in which an object goes with another one."""
        steps = (replace(s, backs=tuple(back for back in s.backs if back.about != entry)) for s in self.steps)
        return replace(self, steps=tuple(steps))

    @property
    def sql(self) -> str:
        """The way back, the last statement's first."""
        return "".join(f"{back.sql};\n" for step in reversed(self.steps) for back in step.backs)
