"""What is read from conditions: columns, constants, patterns."""

from __future__ import annotations

import re

import pytest

from pytest_migrations.rows.conditions.documents import documents
from pytest_migrations.rows.conditions.patterns import like_texts, python_regex, regex_texts, similar_to_regex
from pytest_migrations.rows.conditions.trees import elements, literal, names_in, read, tree_of


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("(a > 3)", {"a"}),
        ('(("a.b" IS NULL) OR ("User" = \'é\'::text))', {"a.b", "User"}),
        ("(lower(é) = (r).f)", {"é"}),
        ("satisfies_hash_partition('16384'::oid, 4, 0, id)", {"id"}),
        ("(doubled < 7)", {"a"}),
        ("(VALUE > 0)", {"value"}),
        ("this is no condition", {"a", "a.b", "User", "é", "id", "value", "doubled"}),
        ("(1 = 1)", set()),
    ],
)
def test_the_columns_of_a_condition(text: str, columns: set[str]) -> None:
    known = frozenset({"a", "a.b", "User", "é", "id", "value", "doubled"})
    assert read(text, known, {"doubled": tree_of("(a * 2)")}).columns == columns


@pytest.mark.parametrize(
    ("text", "constant"),
    [
        ("'a'::text", "a"),
        ("''::text", ""),
        ("(0)::numeric", "0"),
        ("'-1'::integer", "-1"),
        ("(-1.5)", "-1.5"),
        ("false", "false"),
        ("NULL::text", None),
        ("now()", None),
    ],
)
def test_constants(text: str, constant: str | None) -> None:
    tree = tree_of(text)
    assert tree
    assert literal(tree) == constant


@pytest.mark.parametrize(
    "text",
    [
        "ARRAY['a'::text, 'b'::text]",
        "(ARRAY['a'::varchar, 'b'::varchar])::text[]",
        "'{a,b}'::text[]",
    ],
)
def test_elements(text: str) -> None:
    tree = tree_of(text)
    assert tree
    assert [literal(element) for element in elements(tree)] == ["a", "b"]
    assert list(names_in(tree)) == []


@pytest.mark.parametrize(
    "pattern",
    [
        "^[a-z0-9]+(-[a-z0-9]+)*$",
        "^[[:alpha:]_][[:alnum:]_]{0,62}$",
        "^[^@[:space:]]+@[^@]+\\.[a-z]{2,}$",
        "^(a|bc|\\d{3})?$",
        "^(.)\\1$",
        "^é+$",
        "^\\mkey\\M$",
        "^(?:[A-Z]{2}){3}$",
        "^.{40,}$",
    ],
)
def test_texts_match_their_regular_expression(pattern: str) -> None:
    texts = regex_texts(pattern, 12)
    assert texts
    assert texts == regex_texts(pattern, 12)
    assert all(re.search(python_regex(pattern), text) for text in texts)


def test_what_is_no_regular_expression_has_no_texts() -> None:
    assert regex_texts("(", 3) == []


def test_patterns() -> None:
    assert like_texts("a%\\%_") == ["aa%a", "a%1", "aabc%A", "a1%-"]
    assert similar_to_regex("[0-9]+.%_") == "[0-9]+\\..*."


def test_documents() -> None:
    made = documents({("a", "b"): {"1": 1}, ("c",): {'"x"': "x", "2": 2}})
    assert made[0].sql == '\'{"c": "x", "a": {"b": 1}}\''
    assert '\'{"c": 2, "a": {"b": 1}}\'' in [value.sql for value in made]
