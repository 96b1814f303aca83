"""What a server must have for the migrations that are to be proved on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.errors import Place


@dataclass(frozen=True)
class Requirements:
    """What the migrations name outside conditional blocks.

    Keys are what it is (extension, collation provider, locale) and its name, in the order in which the migrations need
    it; values are the first place that names it.
    """

    needs: Mapping[tuple[str, str], Place] = field(default_factory=dict)

    def names_of(self, what: str) -> list[str]:
        return [name for kind, name in self.needs if kind == what]

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.needs]

    def without(self, name: str) -> Requirements:
        return Requirements({need: place for need, place in self.needs.items() if need[1] != name})
