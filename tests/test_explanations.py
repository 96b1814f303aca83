"""What is said of checks, of SQLSTATEs and of rules: that the examples do what they say, and that names find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.explanations import topic, topics
from tests.examples import example

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]


def test_the_examples_of_checks(pytester: pytest.Pytester, project: Project) -> None:
    """What is to fail fails in the check that it is told of, what is to work fails in none."""
    checks = ("apply", "rollback", "roundtrip", "reapply")
    for check in checks:
        for which in ("Fails", "Works"):
            project({f"001_{check}.sql": example(topic(check).text, which) + "\n"}, f"{which}/{check}")
    good = [f"--migrations-dir=Works/{check}" for check in checks]
    pytester.runpytest(*good).assert_outcomes(passed=17, skipped=3)
    result = pytester.runpytest(*(option.replace("Works", "Fails") for option in good))
    failed = {line.split()[1] for line in result.outlines if line.startswith("FAILED")}
    assert {f"Fails/{check}/001_{check}.sql::{check}" for check in checks} <= failed
    assert len(failed) == 6, (
        "what does not apply again does not restore the schema either, and here the other way round"
    )


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("roundtrip", "roundtrip"),
        ("created-twice", "created-twice"),
        ("created_twice", "created-twice"),
        ("Round-Trip", "roundtrip"),
        ("42P01", "42P01"),
        ("42p01", "42P01"),
        ("undefined_table", "42P01"),
        ("UndefinedTable", "42P01"),
        ("undefined table", "42P01"),
        ("datetime_field_overflow", "22008"),
        ("P0001", "P0001"),
        ("hv000", "HV000"),
        ("XX001", "XX001"),
    ],
)
def test_names(called: str, name: str) -> None:
    assert topic(called).name == name


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("22008", "Of class 22, Data Exception. The server's message says more."),
        ("42Z99", "Of class 42, Syntax Error or Access Rule Violation. PostgreSQL itself has no such code: "),
        ("ZZ999", "PostgreSQL itself has no such code: an extension or the SQL (RAISE ... USING ERRCODE) made it up."),
    ],
)
def test_codes_of_which_there_is_little_to_say(code: str, told: str) -> None:
    assert topic(code).headline.startswith(told)


@pytest.mark.parametrize(
    ("called", "meant"), [("rondtrip", "roundtrip"), ("undefined_tabel", "undefined_table"), ("2350", "2350")]
)
def test_near_misses(called: str, meant: str) -> None:
    with pytest.raises(UserError, match=rf"Nothing is called '{called}'. Did you mean .*{meant}"):
        topic(called)


def test_nothing_like_it() -> None:
    with pytest.raises(UserError, match=r"Nothing is called 'xyz'\. pytest-migrations explain lists"):
        topic("xyz")


def test_all_have_a_headline_and_a_text() -> None:
    known = topics()
    assert len(known) == len({each.name for each in known})
    for each in known:
        assert each.headline.endswith("."), each.name
        assert "Do: " in each.text, each.name
