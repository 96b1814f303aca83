"""JSON documents that have what conditions ask of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.conditions.candidates import Value, text

if TYPE_CHECKING:
    from collections.abc import Mapping

_Path = tuple[str, ...]


def documents(asked: Mapping[_Path, Mapping[str, Any]]) -> list[Value]:
    """Documents with something at all of these paths, at each in turn what is asked for there."""
    most = max((len(values) for values in asked.values()), default=0)
    made: list[Any] = []
    for number in range(most):
        chosen = {path: list(values.values()) for path, values in asked.items()}
        made.append(_nested({path: values[number % len(values)] for path, values in chosen.items()}))
        # Each path on its own as well, with the others at what they were first asked to be.
        for path, values in chosen.items():
            firsts = {other: those[0] for other, those in chosen.items()}
            made.append(_nested({**firsts, path: values[number % len(values)]}))
            made.append(_nested({path: values[number % len(values)]}))
    return list(dict.fromkeys(text(json.dumps(document)) for document in made))


def _nested(asked: Mapping[_Path, Any]) -> Any:
    root: Any = {}
    for path, value in sorted(asked.items(), key=lambda item: len(item[0])):
        place = root
        for key in path[:-1]:
            inner = place.get(key)
            if not isinstance(inner, dict):
                inner = place[key] = {}
            place = inner
        place.setdefault(path[-1], value)
    return root
