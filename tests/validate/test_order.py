"""An order that works, what has to be renamed for it, and the cycle where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_migrations.formats import read_history
from pytest_migrations.validate import Validation, validate
from pytest_migrations.validate.graph import cycle_in, misplaced, pulled_forward, sorted_behind

Write = Callable[..., Validation]


@pytest.fixture
def found(tmp_path: Path) -> Write:
    def write(**files: str) -> Validation:
        for name, text in files.items():
            (tmp_path / f"{name.removeprefix('m')}.sql").write_text(text)
        return validate(read_history(tmp_path))

    return write


def table(name: str, refers: str = "") -> str:
    return f"CREATE TABLE {name} (id int PRIMARY KEY{f', o int REFERENCES {refers}' if refers else ''});"


def test_the_file_that_comes_too_early_moves_behind(found: Write) -> None:
    validation = found(m1_a=table("a"), m2_c=table("c", "b"), m3_x=table("x"), m4_b=table("b"), m5_d=table("d", "c"))
    assert validation.suggested_order == ("1_a.sql", "3_x.sql", "4_b.sql", "2_c.sql", "5_d.sql")
    (move,) = validation.moves
    assert (move.migration, move.behind, move.before) == ("2_c.sql", "4_b.sql", "5_d.sql")
    assert validation.renames == (("3_x.sql", "2_x.sql"), ("4_b.sql", "3_b.sql"), ("2_c.sql", "4_c.sql"))


def test_a_free_number_renames_one_file(found: Write) -> None:
    validation = found(m010_c=table("c", "b"), m020_b=table("b"), m030_d=table("d", "c"))
    assert validation.renames == (("010_c.sql", "021_c.sql"),)


def test_the_names_that_are_suggested_work(found: Write, tmp_path: Path) -> None:
    renames = found(m1_a=table("a", "d"), m2_b=table("b", "c"), m3_c=table("c"), m4_d=table("d")).renames
    texts = {new: (tmp_path / old).read_text() for old, new in renames}
    for old, _ in renames:
        (tmp_path / old).unlink()
    for new, text in texts.items():
        (tmp_path / new).write_text(text)
    assert found().findings == ()


def test_of_migrations_that_need_each_other_the_cycle_is_shown(found: Write) -> None:
    validation = found(m1_a=table("a", "b"), m2_b="CREATE TABLE b (id int PRIMARY KEY); ALTER TABLE a ADD x int;")
    assert validation.suggested_order == ()
    assert validation.cycle == (("1_a.sql", "table b"), ("2_b.sql", "table a"))


def test_an_order_that_breaks_something_else_is_not_suggested(found: Write) -> None:
    """The first has to come before the third drops what it alters, and behind it for what that creates."""
    validation = found(
        m1_a=table("a"),
        m2_b="ALTER TABLE a ADD x int; ALTER TABLE c ADD x int;",
        m3_c="DROP TABLE a; CREATE TABLE c (id int);",
    )
    assert [finding.rule for finding in validation.findings] == ["altered-before-created"]
    assert validation.suggested_order == ()
    assert validation.cycle != ()


graphs = st.integers(1, 9).flatmap(
    lambda count: st.tuples(
        st.just(count),
        st.dictionaries(st.integers(0, count - 1), st.sets(st.integers(0, count - 1), max_size=4), max_size=count),
    )
)


@given(graphs)
@settings(deadline=None)
def test_both_ways_to_sort_agree_with_the_cycle(graph: tuple[int, dict[int, set[int]]]) -> None:
    count, edges = graph
    behind = {number: others - {number} for number, others in edges.items()}
    cycle = cycle_in(behind)
    for order in (sorted_behind(count, behind), pulled_forward(count, behind)):
        assert (order is None) is bool(cycle)
        if order is not None:
            assert sorted(order) == list(range(count))
            assert all(
                order.index(other) < order.index(number) for number, others in behind.items() for other in others
            )
            rest = [number for number in order if number not in misplaced(order)]
            assert rest == sorted(rest)
    pairs = zip(cycle, (*cycle[1:], *cycle[:1]), strict=True)
    assert all(other in behind[number] for number, other in pairs)
