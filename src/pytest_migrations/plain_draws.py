"""Draws for hypothesis by a generator of random numbers alone, the same ones in each run.

By itself hypothesis tries what it finds in the user's modules, numbers and texts, so that draws would depend on what
else was imported, and keeps a file of them in ``.hypothesis``.
"""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.internal.conjecture.choice import choice_permitted
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider
from hypothesis.internal.floats import make_float_clamper

if TYPE_CHECKING:
    from hypothesis.internal.conjecture.choice import FloatConstraints
    from hypothesis.internal.conjecture.data import ConjectureData
    from hypothesis.internal.intervalsets import IntervalSet

_BACKEND = "pytest-migrations"
_UNBOUNDED = 2**64
#: Of so many numbers or characters each is as likely; of more, the first ones are likelier.
_FEW = 256
_MEAN_LENGTH = 5
_UNUSUAL = (0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan)


def plainly(examples: int, **others: Any) -> settings:
    """What makes hypothesis draw so many examples and do nothing else: say nothing, keep nothing, shorten nothing."""
    # It stays there: one test may be within another.
    AVAILABLE_PROVIDERS[_BACKEND] = f"{__name__}.{PlainProvider.__name__}"
    return settings(
        backend=_BACKEND,
        database=None,
        deadline=None,
        derandomize=True,
        max_examples=examples,
        phases=[Phase.generate],
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        **others,
    )


class PlainProvider(PrimitiveProvider):
    """One for all examples, so that each is another one."""

    lifetime = "test_function"

    def __init__(self, conjecturedata: ConjectureData | None, /) -> None:
        super().__init__(conjecturedata)
        self._random = Random(0)  # noqa: S311 (no secret)

    def draw_boolean(self, p: float = 0.5) -> bool:
        return self._random.random() < p

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: dict[int, float] | None = None,
        shrink_towards: int = 0,
    ) -> int:
        """Of many, one whose distance has any number of bits: as many small ones as large ones."""
        if weights:
            (wanted,) = self._random.choices((None, *weights), (1 - sum(weights.values()), *weights.values()))
            if wanted is not None:
                return wanted
        low = min(max_value or 0, shrink_towards) - _UNBOUNDED if min_value is None else min_value
        high = max(low, shrink_towards) + _UNBOUNDED if max_value is None else max_value
        if high - low < _FEW:
            return self._random.randint(low, high)
        near = min(max(shrink_towards, low), high)
        far = self._random.choice([end for end in (low, high) if end != near])
        distance = self._random.getrandbits(self._random.randint(1, abs(far - near).bit_length()))
        return min(near + distance, far) if far > near else max(near - distance, far)

    def draw_float(
        self,
        *,
        min_value: float = -math.inf,
        max_value: float = math.inf,
        allow_nan: bool = True,
        smallest_nonzero_magnitude: float,
    ) -> float:
        asked: FloatConstraints = {
            "min_value": min_value,
            "max_value": max_value,
            "allow_nan": allow_nan,
            "smallest_nonzero_magnitude": smallest_nonzero_magnitude,
        }
        unusual = [number for number in (*_UNUSUAL, min_value, max_value) if choice_permitted(number, asked)]
        if unusual and self.draw_boolean(0.2):
            return self._random.choice(unusual)
        number = math.ldexp(self._random.uniform(-1, 1), self._random.randint(-20, 70))
        return make_float_clamper(**asked)(float(round(number)) if self.draw_boolean() else number)

    def draw_string(self, intervals: IntervalSet, *, min_size: int = 0, max_size: int = _UNBOUNDED) -> str:
        if not len(intervals):
            return ""
        length = self._length(min_size, max_size)
        return "".join(intervals.char_in_shrink_order(self._place(len(intervals))) for _ in range(length))

    def draw_bytes(self, min_size: int = 0, max_size: int = _UNBOUNDED) -> bytes:
        return self._random.randbytes(self._length(min_size, max_size))

    def _length(self, least: int, most: int) -> int:
        return min(least + int(self._random.expovariate(1 / _MEAN_LENGTH)), most)

    def _place(self, count: int) -> int:
        """Of a character: digits and letters are the first ones."""
        return self._random.randrange(count if self.draw_boolean(0.2) else min(count, _FEW))
