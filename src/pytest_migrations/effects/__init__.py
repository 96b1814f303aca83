"""What scripts do to a schema, read from their text: what they create, alter, drop, read and require."""

from pytest_migrations.effects.dependence import depends_on
from pytest_migrations.effects.effect import (
    Column,
    Condition,
    Effect,
    Effects,
    Guard,
    Key,
    Mistake,
    Named,
    Opaque,
    Owned,
    Shape,
    Signature,
    Star,
    Verb,
)
from pytest_migrations.effects.reading import effects_of

__all__ = [
    "Column",
    "Condition",
    "Effect",
    "Effects",
    "Guard",
    "Key",
    "Mistake",
    "Named",
    "Opaque",
    "Owned",
    "Shape",
    "Signature",
    "Star",
    "Verb",
    "depends_on",
    "effects_of",
]
