"""What is known of a script so far: how each of its statements is taken back, and which objects it has made itself.

What a script has made goes when the statement that made it is taken back, with all that was done to it since. So
nothing of that needs a way back of its own, and what the script drops again needs none at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.derive.names import Entry, bare, last, part_and_relation, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_migrations.migration import Statement


def _mention(entry: Entry) -> re.Pattern[str]:
    """Finds the name of an object in SQL."""
    name = last(entry.name) if entry.kind == "column" else bare(part_and_relation(entry.name)[0]).partition("(")[0]
    return re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")


def _called(entry: Entry, old: Entry, new: Entry) -> Entry:
    """What an object is called when another one, which may be in its name, is called something else."""
    if entry == old:
        return new
    head, relation = part_and_relation(entry.name)
    if old.kind == "schema":
        before, after = f"{old.name}.", f"{new.name}."
        name = relation or head
        moved = name.replace(before, after, 1) if name.startswith(before) else name
        return Entry(entry.kind, f"{head} on {moved}" if relation else moved)
    if relation == old.name:
        return Entry(entry.kind, f"{head} on {new.name}")
    if entry.kind == "column" and entry.name.startswith(f"{old.name}."):
        return Entry(entry.kind, new.name + entry.name[len(old.name) :])
    return entry


class Back(NamedTuple):
    """A statement on the way back, without its semicolon; a comment stands where something is missing.

    ``place`` says when it runs among those that take one statement back (low first), ``about`` which object it drops or
    renames, where the script has made that.
    """

    sql: str
    place: int = 0
    about: Entry | None = None
    #: Whether it sets a sequence back: setval() lasts where the statement that called it is rolled back.
    sets_back: bool = False

    @property
    def is_comment(self) -> bool:
        return self.sql.startswith("--")

    @property
    def line(self) -> str:
        return self.sql + ("\n" if self.is_comment else ";\n")

    def names(self, entry: Entry) -> bool:
        """Whether it names an object that it is not about."""
        return not self.is_comment and self.about != entry and bool(_mention(entry).search(self.sql))


class Said(NamedTuple):
    """Why a statement is not taken back."""

    statement: Statement
    reason: str


@dataclass(frozen=True)
class Step:
    """What takes one statement back, in the order in which it runs."""

    statement: Statement
    backs: tuple[Back, ...] = ()


@dataclass(frozen=True)
class State:
    """What is known behind a statement. It is never altered, so that a ROLLBACK TO has the one before."""

    steps: tuple[Step, ...] = ()
    missing: tuple[Said, ...] = ()
    #: The objects that the script has made and that are there, each with the number of the step that made it.
    made: dict[Entry, int] = field(default_factory=dict)
    #: The number of the step that made the first of those that were changed since: it may need what was made later.
    touched: int | None = None

    def doing(self, statement: Statement, backs: Iterable[Back], missing: Iterable[str] = ()) -> State:
        """The state behind one more statement."""
        said = tuple(Said(statement, reason) for reason in dict.fromkeys(missing))
        holes = (Back(f"-- Not undone (line {item.statement.place.line}): {item.reason}.") for item in said)
        step = Step(statement, (*backs, *holes))
        return replace(self, steps=(*self.steps, step), missing=self.missing + said)

    def making(self, entries: Iterable[Entry]) -> State:
        """The state in which the last statement has made objects."""
        return replace(self, made={**self.made, **dict.fromkeys(entries, len(self.steps) - 1)})

    def renaming(self, old: Entry, new: Entry) -> State:
        """The state in which an object is called something else, and with it what is named by it."""
        names = {entry: _called(entry, old, new) for entry in self.made}
        if old.kind == "relation" and schema_of(old.name) != schema_of(new.name):
            # Its indexes move along, whichever they are: they are taken for those of somebody else.
            indexes = {b.about for step in self.steps for b in step.backs if b.sql.startswith("DROP INDEX ")}
            names = {entry: name for entry, name in names.items() if entry not in indexes}
        steps = (
            replace(step, backs=tuple(back._replace(about=back.about and names.get(back.about)) for back in step.backs))
            for step in self.steps
        )
        return replace(self, made={names[entry]: self.made[entry] for entry in names}, steps=tuple(steps))

    def losing(self, entry: Entry) -> tuple[State, str]:
        """The state in which an object that the script has made is gone again, and why that is not all; empty if it is.

        What was to take its making back goes; what is to take something else back may need it.
        """
        since = self.made[entry]
        steps = tuple(
            replace(step, backs=tuple(back for back in step.backs if back.about != entry)) if number >= since else step
            for number, step in enumerate(self.steps)
        )
        made = {other: step for other, step in self.made.items() if other != entry}
        lost = replace(self, made=made, steps=steps)
        reason = f"{entry.name} is needed on the way back to where this script made it"
        return lost, reason if lost.is_named(entry, since) else ""

    def touching(self, entry: Entry) -> tuple[State, str]:
        """The state in which an object of the script's own is another, and why the way back may need it as it was."""
        if entry not in self.made:
            return self, ""
        reason = f"the way back needs {entry.name} as it was before"
        step = self.made[entry]
        touched = replace(self, touched=step if self.touched is None else min(step, self.touched))
        return touched, reason if self.is_named(entry, step) else ""

    def is_named(self, entry: Entry, since: int) -> bool:
        """Whether what takes a step back from number ``since`` on names the object, beside what is about it."""
        return any(back.names(entry) for step in self.steps[since:] for back in step.backs)

    def taking(self, entry: Entry) -> State:
        """The state in which an object goes with another one."""
        steps = (replace(s, backs=tuple(back for back in s.backs if back.about != entry)) for s in self.steps)
        return replace(self, steps=tuple(steps))

    @property
    def may_be_out_of_order(self) -> bool:
        """Whether anything that was made may need something else that was made later, or at once."""
        return self.touched is not None and sum(step >= self.touched for step in self.made.values()) > 1

    @property
    def backs(self) -> list[Back]:
        """The way back, the last statement's first."""
        return [back for step in reversed(self.steps) for back in step.backs]
