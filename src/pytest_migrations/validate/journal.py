"""Changes that can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTHING = object()


class Journal:
    """Every change of the simulated schema goes through here, so that a rollback can be tried and taken back."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        #: For the keys of the schema that were written since ``mark``: what was there before.
        self.before: dict[Any, Any] = {}

    def mark(self) -> None:
        """Forget what was before: there is no way back behind this."""
        self._undo.clear()
        self.before.clear()

    def __len__(self) -> int:
        return len(self._undo)

    def back_to(self, length: int) -> None:
        """Take back the changes since there were that many."""
        while len(self._undo) > length:
            self._undo.pop()()

    def put(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        """``mapping[key] = value``."""
        old = mapping.get(key, _NOTHING)
        mapping[key] = value
        self._undo.append(lambda: _restore(mapping, key, old))

    def remove(self, mapping: dict[Any, Any], key: Any) -> None:
        """``del mapping[key]``, where it is there."""
        old = mapping.pop(key, _NOTHING)
        if old is not _NOTHING:
            self._undo.append(lambda: _restore(mapping, key, old))

    def assign(self, thing: Any, name: str, value: Any) -> None:
        """``thing.name = value``."""
        old = getattr(thing, name)
        setattr(thing, name, value)
        self._undo.append(lambda: setattr(thing, name, old))


def _restore(mapping: dict[Any, Any], key: Any, old: Any) -> None:
    if old is _NOTHING:
        mapping.pop(key, None)
    else:
        mapping[key] = old
