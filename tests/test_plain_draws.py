"""What the provider draws is what it was asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis.internal.conjecture.choice import choice_permitted
from hypothesis.internal.intervalsets import IntervalSet

from pytest_migrations.plain_draws import PlainProvider

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.internal.conjecture.choice import FloatConstraints

_LETTERS = IntervalSet([(97, 122)])


def draws(draw: Callable[[PlainProvider], Any], count: int = 300) -> list[Any]:
    provider = PlainProvider(None)
    return [draw(provider) for _ in range(count)]


@pytest.mark.parametrize("near", [0, 7, -(10**30)])
@pytest.mark.parametrize(
    ("low", "high"), [(None, None), (5, None), (None, -5), (-(10**40), 10**40), (3, 3), (3, 1000), (-1000, 0)]
)
def test_integers(low: int | None, high: int | None, near: int) -> None:
    found = draws(lambda provider: provider.draw_integer(low, high, shrink_towards=near))
    assert all((low is None or low <= number) and (high is None or number <= high) for number in found)
    assert len(set(found)) > 50 or low == high


def test_few_integers_are_all_drawn() -> None:
    assert set(draws(lambda provider: provider.draw_integer(-3, 50))) == set(range(-3, 51))


def test_weights() -> None:
    found = draws(lambda provider: provider.draw_integer(0, 10**9, weights={10**9: 0.5, 3: 0.25}))
    assert found.count(10**9) > 100
    assert found.count(3) > 50
    assert len(set(found)) > 30


@pytest.mark.parametrize("smallest", [5e-324, 2.0**-126, 0.5])
@pytest.mark.parametrize("nan", [True, False])
@pytest.mark.parametrize(
    ("low", "high"),
    [(-math.inf, math.inf), (0.0, 1.0), (-0.0, 0.0), (-1.0, -0.0), (1e300, math.inf), (-7.5, 1e9), (2.0, 2.0)],
)
def test_floats(low: float, high: float, smallest: float, nan: bool) -> None:
    asked: FloatConstraints = {
        "min_value": low,
        "max_value": high,
        "allow_nan": nan,
        "smallest_nonzero_magnitude": smallest,
    }
    found = draws(lambda provider: provider.draw_float(**asked))
    assert all(choice_permitted(number, asked) for number in found)
    assert {low, high} <= {*found}
    assert any(map(math.isnan, found)) == nan
    assert len(set(found)) > 100 or low >= high


@pytest.mark.parametrize(("least", "most"), [(0, 10**10), (3, 5), (4, 4), (0, 0)])
def test_texts_and_bytes(least: int, most: int) -> None:
    texts = draws(lambda provider: provider.draw_string(_LETTERS, min_size=least, max_size=most))
    several = draws(lambda provider: provider.draw_bytes(least, most))
    assert {*"".join(texts)} <= {*map(chr, _LETTERS)}
    for lengths in ({*map(len, texts)}, {*map(len, several)}):
        assert min(lengths) == least
        assert max(lengths) == most or 20 < max(lengths) < most


def test_of_no_characters_there_is_no_text() -> None:
    assert PlainProvider(None).draw_string(IntervalSet()) == ""


@pytest.mark.parametrize(("chance", "found"), [(0, {False}), (1, {True}), (0.5, {False, True})])
def test_booleans(chance: float, found: set[bool]) -> None:
    assert set(draws(lambda provider: provider.draw_boolean(chance))) == found
