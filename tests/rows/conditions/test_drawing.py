"""Values that hypothesis draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.rows.conditions import drawing
from pytest_migrations.rows.conditions.drawing import drawn
from pytest_migrations.rows.table import Type
from tests.hypothesis_files import keep_files_in

if TYPE_CHECKING:
    from pathlib import Path


def test_the_same_values_each_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hypothesis would try values of the user's modules, and keep them and the kinds of characters in files."""
    keep_files_in(tmp_path, monkeypatch)
    drawing._know_characters.cache_clear()
    types = [Type(name, "base", name) for name in ("int4", "text", "ltree")]
    found = [drawn.__wrapped__(type_, 20) for type_ in types]
    assert [len(values) for values in found] == [20, 20, 20]
    assert found == [drawn.__wrapped__(type_, 20) for type_ in types]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("type_", "some"),
    [
        ("int4", {"0", " -1", "2147483647", " -2147483648"}),
        ("float8", {"0.0", " -1.0", "'Infinity'::float8", "'-Infinity'::float8"}),
        ("text", {"''", "' '", "'NULL'"}),
        ("bytea", {" E''::bytea", " E'\\\\000'::bytea"}),
        ("bool", {"false", "true"}),
    ],
)
def test_unusual_values_are_among_them(type_: str, some: set[str]) -> None:
    assert some <= {value.sql for value in drawn(Type(type_, "base", type_), 100)}
