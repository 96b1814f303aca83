"""Types that are made of others, and of odd names."""

from __future__ import annotations

import sys
from typing import Any

import psycopg
import pytest

from pytest_migrations.rows.types import capacity, expression
from tests.rows.types.trying import column_of, filled, is_monotone, sent, what_is_wrong

_TYPES = """
create schema "My Schema";
create schema "a.b";
create type "My Schema"."a.b" as enum ('it''s', 'é', 'back\\slash', '', 'a,b', '"', 'NULL', '100%');
create type "a.b".one as enum ('only');
create type "a.b".none as enum ();
create domain "My Schema"."Short" as varchar(5) not null;
create domain "My Schema".shorter as "My Schema"."Short";
create domain "a.b".odd as int check (value % 2 = 1);
create domain "a.b".numbers as int[];
create domain "a.b".documents as jsonb;
create type "My Schema".inner as ("The Mood" "My Schema"."a.b", "select" numeric(5,2), c "My Schema"."Short");
create type "My Schema".outer as (a "My Schema".inner, b "My Schema".inner[], d daterange, e bytea, "f g" text[]);
create type "My Schema".nothing as ();
create type "My Schema".flag as (a bool, b "My Schema"."a.b");
create type "a.b".inner_range as range (subtype = "My Schema".inner, multirange_type_name = "a.b".inner_ranges);
create domain "a.b".period as "a.b".inner_range;
create type "a.b".small_range as range (subtype = int2, multirange_type_name = "a.b".small_ranges);
create type "a.b".text_range as range (subtype = text);
create type "a.b".float_range as range (subtype = float8, subtype_diff = float8mi);
create type "a.b".time_range as range (subtype = time);
create type "a.b".bytes_range as range (subtype = bytea);
create type "a.b".moods as range (subtype = "My Schema"."a.b");
create type "a.b"."Odd Range" as range (subtype = "a.b".odd);
create table "a.b"."Table" (id int primary key, gone int, "My" text);
alter table "a.b"."Table" drop gone
"""
_NAMES = (
    '"My Schema"."a.b"',
    '"My Schema"."a.b"[]',
    '"a.b".one',
    '"My Schema"."Short"',
    '"My Schema".shorter[]',
    '"a.b".numbers',
    '"a.b".numbers[]',
    '"a.b".documents',
    '"a.b".documents[]',
    '"My Schema".inner',
    '"My Schema".inner[]',
    '"My Schema".outer',
    '"My Schema".outer[]',
    '"My Schema".nothing',
    '"My Schema".flag',
    '"a.b".inner_range',
    '"a.b".inner_ranges',
    '"a.b".period',
    '"a.b".period[]',
    '"a.b".small_range',
    '"a.b".small_ranges',
    '"a.b".text_range',
    '"a.b".float_range',
    '"a.b".time_range',
    '"a.b".bytes_range',
    '"a.b".moods',
    '"a.b"."Table"',
)


@pytest.fixture
def connection(connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    connection.execute(_TYPES.encode())
    return connection


def test_nested_types_get_values(connection: psycopg.Connection[Any]) -> None:
    wrong = {name: what_is_wrong(connection, name) for name in _NAMES}
    assert {name: said for name, said in wrong.items() if said} == {}


@pytest.mark.parametrize(
    "name",
    ["int4range", "daterange", "tstzrange", "numrange", "int8multirange", '"a.b".small_range', '"a.b".text_range'],
)
def test_ranges_of_different_numbers_do_not_overlap(connection: psycopg.Connection[Any], name: str) -> None:
    with column_of(connection, name) as type_:
        filled(connection, type_)
        pairs = connection.execute("select count(*) from tried.t a join tried.t b on a.c && b.c").fetchone()
        assert pairs == (60,)  # each with itself
        assert is_monotone(connection, type_)


def test_geometry_of_different_numbers_does_not_overlap(connection: psycopg.Connection[Any]) -> None:
    for name in ("box", "circle", "polygon"):
        with column_of(connection, name) as type_:
            filled(connection, type_)
            pairs = connection.execute("select count(*) from tried.t a join tried.t b on a.c && b.c").fetchone()
            assert pairs == (60,)


def test_an_enum_has_its_labels_in_order(connection: psycopg.Connection[Any]) -> None:
    with column_of(connection, '"My Schema"."a.b"') as type_:
        assert filled(connection, type_, count=9) == [*type_.labels, "it's"]
        assert {value for value, _ in sent(connection, type_, 100)} == set(type_.labels)


def test_an_enum_without_labels_has_no_value(connection: psycopg.Connection[Any]) -> None:
    with column_of(connection, '"a.b".none') as type_:
        assert expression(type_, "1000003", {}) is None
        assert capacity(type_) == 0


def test_a_domain_gets_the_values_that_were_chosen(connection: psycopg.Connection[Any]) -> None:
    chosen = {'"a.b".odd': ("1", "'3'", "2 + 3")}
    with column_of(connection, '"a.b".odd') as type_:
        assert filled(connection, type_, count=4, chosen=chosen) == ["3", "5", "1", "3"]
        assert capacity(type_) == sys.maxsize
        assert capacity(type_, chosen) == 3
    with column_of(connection, '"a.b".odd[]') as type_:
        assert filled(connection, type_, count=2, chosen=chosen) == ["{3,5}", "{5,1}"]
    with column_of(connection, '"a.b"."Odd Range"') as type_:
        assert filled(connection, type_, count=3, chosen=chosen) == ["[3,5)", "[1,5)", "[1,3)"]
        assert capacity(type_, chosen) == 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bool", 2),
        ("bool[]", 2),
        ('"char"', 26),
        ("varchar(2)", 26**2),
        ("numeric(2,0)", 99),
        ("bit(3)", 8),
        ("int2", 12_000),
        ("int4", sys.maxsize),
        ('"a.b".one', 1),
        ('"My Schema".nothing', 1),
        ('"My Schema".flag', 8),
        ('"My Schema".outer', sys.maxsize),
        ('"a.b".moods', 8),
        ('"a.b".small_ranges', 12_000),
    ],
)
def test_capacity(connection: psycopg.Connection[Any], name: str, expected: int) -> None:
    with column_of(connection, name) as type_:
        assert capacity(type_) == expected
