"""What hypothesis draws: the same each time, and nothing but that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.rows.conditions.drawing import drawn
from pytest_migrations.rows.table import Type
from pytest_migrations.timeline.random_walk.machine import draw_paths
from tests.hypothesis_files import keep_files_in

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.rows.conditions.candidates import Value


class Noting:
    """Goes wherever it is sent, between 0 and 9."""

    def __init__(self, start: int, seen: list[tuple[str, int]]) -> None:
        self._seen = seen
        seen.append(("start", start))

    def goals(self) -> range:
        return range(10)

    def go(self, version: int, *, rows: bool) -> None:
        self._seen.append(("with rows" if rows else "without", version))

    def close(self) -> None:
        self._seen.append(("end", 0))


class EnoughError(Exception):
    pass


def draw(most: int) -> list[tuple[str, int]]:
    seen: list[tuple[str, int]] = []

    def go_on() -> None:
        if len(seen) >= most:
            raise EnoughError

    with pytest.raises(EnoughError):
        draw_paths(range(10), lambda start: Noting(start, seen), go_on)
    return seen


def test_the_same_paths_each_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hypothesis would keep the numbers that it finds in the user's modules in a file."""
    keep_files_in(tmp_path, monkeypatch)
    first = draw(80)
    assert first == draw(80)
    assert not list(tmp_path.iterdir())
    assert {version for what, version in first if what.startswith("with")} == set(range(10))
    assert {"with rows", "without"} < {what for what, _ in first}
    assert sum(what == "start" for what, _ in first) - sum(what == "end" for what, _ in first) in (0, 1)


def test_rows_are_drawn_on_the_way() -> None:
    """By the same provider, while it draws the way."""
    found: list[tuple[Value, ...]] = []

    class Draws(Noting):
        def go(self, version: int, *, rows: bool) -> None:
            super().go(version, rows=rows)
            found.append(drawn.__wrapped__(Type("int4", "base", "int4"), 3))
            if len(found) == 2:
                raise EnoughError

    with pytest.raises(EnoughError):
        draw_paths([3], lambda start: Draws(start, []), lambda: None)
    assert found[0] == found[1]
    assert len(found[0]) == 3


def test_a_fault_ends_it_at_once() -> None:
    class Fails(Noting):
        def go(self, version: int, *, rows: bool) -> None:
            super().go(version, rows=rows)
            raise ZeroDivisionError

    seen: list[tuple[str, int]] = []
    with pytest.raises(ZeroDivisionError):
        draw_paths([3], lambda start: Fails(start, seen), lambda: None)
    assert [what for what, _ in seen].count("start") == 1
    assert seen[-1] == ("end", 0)
