"""What extensions bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects.builtin import extensions
from pytest_migrations.effects.effect import Named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.effects.effect import Effect


def brought_by(effect: Effect) -> Iterator[Named]:
    """What comes or goes with the extension that an effect is about, where that is known."""
    schema = effect.to.path[0] if effect.to else "public"
    for kind, names in extensions().get(effect.object.path[0], {}).items():
        for name in names:
            yield Named(kind, (name,) if kind == "schema" else (schema, name))
