from __future__ import annotations
from dataclasses import dataclass
from typing import Any, Callable, NamedTuple
class Generated(NamedTuple):
    name: str; type: Any; expression: str
@dataclass(frozen=True)
class Unknown:
    name: str; type: Any; expression: Callable[[str], str|None]; nullable: bool; distinct: bool; present: bool
def solve(connection, unknowns, conditions, *, count, generated=()):
    return []
