"""What a snapshot holds: objects by their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Key(NamedTuple):
    """Which object: what a person calls its kind (``index``), and its name as SQL needs it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class CatalogObject(NamedTuple):
    """What a snapshot knows of one object."""

    #: What is compared; a fact that there is nothing to say about is not in it.
    fields: Mapping[str, str]
    #: The objects (as text of their keys) without which it cannot be.
    parents: tuple[str, ...]
    #: The objects of parent tables that it was inherited from, or is a partition's part of.
    follows: tuple[str, ...]


def nothing(_kind: str, _name: str) -> bool:
    """Leaves no object out of a comparison."""
    return False
