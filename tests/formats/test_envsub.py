"""Environment variables in SQL."""

from __future__ import annotations

import pytest

from pytest_migrations.formats.goose.envsub import BadExpansionError, expanded


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("no variable", "no variable"),
        ("$SET_ONE ${SET_ONE}s $EMPTY|$UNSET|", "é és ||"),
        ("${SET_ONE:-a}${EMPTY:-b}${UNSET:-c d}", "ébc d"),
        ("${SET_ONE-a}${EMPTY-b}${UNSET-c}", "éc"),
        ("${SET_ONE?no}", "é"),
        (r"$$ \$ $( \\ $", r"$ $ $( \\ $"),
    ],
)
def test_expanded(monkeypatch: pytest.MonkeyPatch, line: str, expected: str) -> None:
    monkeypatch.setenv("SET_ONE", "é")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("UNSET", raising=False)
    assert expanded(line) == expected


@pytest.mark.parametrize(("line", "offset"), [("a $1", 2), ("${UNSET?must be}", 0), ("${A:-${B}}", 0), ("${A:1:2}", 0)])
def test_bad(line: str, offset: int) -> None:
    with pytest.raises(BadExpansionError) as caught:
        expanded(line)
    assert caught.value.offset == offset
