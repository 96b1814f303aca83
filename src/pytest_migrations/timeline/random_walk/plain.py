"""Draws for hypothesis by a generator of random numbers alone, the same ones in each run.

By itself hypothesis tries numbers that it finds in the user's modules, so that paths would depend on what else was
imported, and keeps a file of them in ``.hypothesis``.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, NoReturn

from hypothesis.internal.conjecture.providers import PrimitiveProvider

if TYPE_CHECKING:
    from hypothesis.internal.conjecture.data import ConjectureData


class PlainProvider(PrimitiveProvider):
    """One for all paths, so that each is another one."""

    lifetime = "test_function"

    def __init__(self, conjecturedata: ConjectureData | None, /) -> None:
        super().__init__(conjecturedata)
        self._random = Random(0)  # noqa: S311 (no secret)

    def draw_boolean(self, p: float = 0.5) -> bool:
        return self._random.random() < p

    def draw_integer(self, min_value: int | None = None, max_value: int | None = None, **_: Any) -> int:
        assert min_value is not None and max_value is not None
        return self._random.randint(min_value, max_value)

    def draw_float(self, **_: Any) -> NoReturn:
        raise NotImplementedError

    def draw_string(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError

    def draw_bytes(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError
