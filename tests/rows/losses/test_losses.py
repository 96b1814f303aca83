"""What became of rows, and how they are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.rows.losses.contents import Rows
from pytest_migrations.rows.losses.losses import losses
from pytest_migrations.rows.losses.moments import Moment, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

SPAN = Span(
    Moment("2026-01-02 03:04:05+00", "2026-01-02 04:04:05", 1767323045.0),
    Moment("2026-01-02 03:04:09.5+00", "2026-01-02 04:04:09.5", 1767323049.5),
)


def rows(*of: Mapping[str, str | None], key: tuple[str, ...] = ("id",), again: str = "") -> Rows:
    columns = {name: f"1.{name}{again}" for row in of for name in row}
    return Rows("public.t", key, tuple(dict(row) for row in of), columns)


def told(before: Rows, after: Rows, span: Span | None = None) -> list[tuple[str, tuple[str, ...]]]:
    return [(" ".join(str(loss).split()), loss.examples) for loss in losses(before, after, span)]


A, B = ({"id": str(number), "name": name} for number, name in enumerate("ab"))
UUID = "00000000-0000-4000-8000-00000000000"
GONE = Rows("public.t", (), None)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (rows(A, B), rows(B, A), []),
        (rows(A, A, B), rows(A, B, A), []),
        (rows(A, B), rows(A), [("lost 1 row of public.t", ("id '1', name 'b'",))]),
        (rows(A), rows(A, B), [("left behind 1 row of public.t", ("id '1', name 'b'",))]),
        (rows(A, B), GONE, [("lost 2 rows of public.t", ("id '0', name 'a'", "id '1', name 'b'"))]),
        (GONE, rows(A), []),
        (rows(), GONE, []),
        (
            rows(A, B),
            rows({**A, "name": None}, B),
            [("changed 1 row of public.t (name)", ("id '0': name 'a' -> NULL",))],
        ),
        (
            rows(A, B, key=()),
            rows({**A, "name": "x"}, B),
            [("changed 1 row of public.t (name)", ("id '0': name 'a' -> 'x'",))],
        ),
        (rows(A), rows({**A, "id": "7"}), [("changed 1 row of public.t (id)", ("id '0': id '0' -> '7'",))]),
        (
            rows(A),
            rows({"id": "7", "name": "x"}),
            [
                ("lost 1 row of public.t", ("id '0', name 'a'",)),
                ("left behind 1 row of public.t", ("id '7', name 'x'",)),
            ],
        ),
        (rows(A), rows({"id": "0"}), []),
        (rows(A), rows({**A, "more": "1"}), []),
        (rows({}, {}), rows({}), [("lost 1 row of public.t", ("",))]),
    ],
)  # fmt: skip
def test_what_became_of_rows(before: Rows, after: Rows, found: list[tuple[str, tuple[str, ...]]]) -> None:
    assert told(before, after) == found


def test_three_are_shown_and_in_short() -> None:
    many = rows(*({"id": str(number), "a": "x" * 50 + "\n", "b": "y" * 50, "c": "z" * 90} for number in range(5)))
    ((loss, examples),) = told(many, replace(many, rows=()))
    assert loss == "lost 5 rows of public.t"
    assert examples[0] == f"id '0', a '{'x' * 33}...', b '{'y' * 33}...', ..."
    assert len(examples) == 3


@pytest.mark.parametrize(
    ("was", "is_", "shown"),
    [
        (f"{UUID}1", f"{UUID}2", f"'{UUID}1' -> '{UUID}2'"),
        (
            '{"kind": "user", "name": "Ada Lovelace"}',
            '{"kind": "user", "name": "Ada"}',
            """'...ame": "Ada Lovelace"}' -> '...ame": "Ada"}'""",
        ),
        ("x" * 300, "x" * 100, f"'...{'x' * 30}...' -> '...{'x' * 10}'"),
        ("a" + "x" * 300, "b", f"'a{'x' * 32}...' -> 'b'"),
        ("x" * 300, None, f"'{'x' * 33}...' -> NULL"),
    ],
)
def test_long_values_are_shown_where_they_differ(was: str, is_: str | None, shown: str) -> None:
    ((_, examples),) = told(rows({"id": "1", "a": was}), rows({"id": "1", "a": is_}))
    assert examples == (f"id '1': a {shown}",)


@pytest.mark.parametrize(
    ("value", "again", "is_loss"),
    [
        ("2026-01-02 03:04:06+00", "", False),
        ("2026-01-02 04:04:06", "", False),
        ("2026-01-02", "", False),
        ("2026-01-02 03:04:10+00", "", True),
        ("2025-01-02 03:04:06+00", "", True),
        ("2026", "", True),
        ("1767323046", "", False),
        ("1767323046000001", "", False),
        ("1767323146000001", "", True),
        (None, "", True),
        ("2026-01-02 03:04:06+00", "anew", True),
    ],
)
def test_the_moment_of_a_run(value: str | None, again: str, is_loss: bool) -> None:
    before, after = rows({"id": "1", "at": "2001-01-01"}), rows({"id": "1", "at": value}, again=again)
    assert bool(told(before, after, SPAN)) is is_loss
    assert told(before, after)


def test_the_moment_of_a_run_is_not_told_beside_what_else_differs() -> None:
    before = rows({"id": "1", "name": "a", "at": "2001-01-01"}, {"id": "2", "name": "b", "at": "2001-01-01"})
    after = rows(*({**row, "name": "x", "at": "2026-01-02 03:04:06+00"} for row in before.rows or ()))
    ((loss, examples),) = told(before, after, SPAN)
    assert (loss, examples[0]) == ("changed 2 rows of public.t (name)", "id '1': name 'a' -> 'x'")
    assert told(before, after)[0][0] == "changed 2 rows of public.t (name, at)"
