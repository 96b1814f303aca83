"""How rows are to be put in, and how else where they are refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_migrations.rows.recipes.nulls import Nulls

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Texts for triggers that read them: this and a number is a version, a path of labels, and in ASCII.
PLAIN = "1.0."


@dataclass(frozen=True)
class Attempt:
    """How many rows to put in, and which: ``sought`` has by OID conditions that a row should satisfy."""

    rows: int
    seed: int
    sought: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    #: By OID how many rows there are to be at least, so that others can each refer to one of their own.
    least: Mapping[int, int] = field(default_factory=dict)
    nulls: Nulls = Nulls.SOME
    #: Let columns repeat values as far as keys of several seem to let them.
    repeating: bool = True
    #: Leave rows out that meet others.
    avoiding: bool = False
    #: What texts begin with, in front of a number.
    texts: str = ""
    #: Whether triggers are called.
    triggers: bool = True
    #: Whether no number may be so large that one can hardly reckon with it.
    modest: bool = False

    def insisting(self) -> list[Attempt]:
        """One after the other: itself, and others, less and less like rows of production."""
        return [
            self,
            replace(self, repeating=False),
            replace(self, avoiding=True),
            Attempt(self.rows, self.seed, nulls=Nulls.NONE),
            Attempt(self.rows, self.seed + 1, nulls=Nulls.NONE, texts=PLAIN),
            Attempt(1, self.seed, nulls=Nulls.NONE),
            replace(self, triggers=False),
            Attempt(1, self.seed + 1, nulls=Nulls.ALL),
        ]
