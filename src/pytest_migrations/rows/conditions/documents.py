"""JSON documents that have what conditions ask of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.conditions.candidates import Value, text
from pytest_migrations.rows.conditions.constants import as_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_Path = tuple[str, ...]
_OF_TYPES = {"string": "a", "number": 1, "boolean": True, "null": None, "array": ["a"], "object": {"a": 1}}
#: Of what nothing is known.
_ANY: list[Any] = [["a"], {"a": 1}]


def of_types(names: Sequence[str]) -> list[Any]:
    """What is of the types with these names."""
    return [_OF_TYPES[name] for name in names if name in _OF_TYPES] or _ANY


def of_sizes(texts: Sequence[str]) -> list[Any]:
    """Lists that are as long as one of these numbers says, or about as long."""
    sizes = [int(size) for size in texts if size.isdigit()]
    wanted = [near for size in sizes for near in (size, size + 1, max(size - 1, 0)) if near < 1000]
    return [["a"] * length for length in wanted] or _ANY


def like_constants(texts: Sequence[str]) -> list[Any]:
    """The constants that something is compared with, numbers beside them, and one of each type."""
    numbers = [made for value in texts if (made := as_number(value)) is not None]
    near = [float(each + step) for each in numbers for step in (0, 1, -1)]
    return [*texts, *near, "a", 1, True, *(value == "true" for value in texts if value in ("true", "false"))]


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
