"""Every type that a column can have, on a real server: its values are there, differ, and are taken."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from pytest_migrations.rows.types import expression, strategy
from tests.catalog.conftest import Server
from tests.rows.types.trying import column_of, sent, what_is_wrong

_EXTENSIONS = ("citext", "cube", "hstore", "intarray", "isn", "lo", "ltree", "seg", "vector")
_WITHOUT_INPUT = "takes no values but the server's own"
_UNKNOWN = {
    "pg_brin_bloom_summary": _WITHOUT_INPUT,
    "pg_brin_minmax_multi_summary": _WITHOUT_INPUT,
    "pg_dependencies": _WITHOUT_INPUT,
    "pg_mcv_list": _WITHOUT_INPUT,
    "pg_ndistinct": _WITHOUT_INPUT,
    "pg_node_tree": _WITHOUT_INPUT,
    "ghstore": _WITHOUT_INPUT,
    "gtsvector": _WITHOUT_INPUT,
    "intbig_gkey": _WITHOUT_INPUT,
    "ltree_gist": _WITHOUT_INPUT,
}
#: What is wrong with the values of a type, and may be.
_EXCEPTIONS = {
    "xml": "libxml",  # which not every server is built with
    "tsquery": "does not go up or down",  # it is ordered by hashes
    "information_schema.yes_or_no": "violates check",  # the values of checked domains are found elsewhere
    "information_schema.cardinal_number": "violates check",
}
_SCALARS = """
select format_type(oid, null) from pg_type
where typtype in ('b', 'd', 'e', 'r', 'm') and not (typelem <> 0 and typsubscript = 'array_subscript_handler'::regproc)
or typname in ('int2vector', 'oidvector')"""
_ARRAYS = """
select format_type(a.oid, null) from pg_type a join pg_type e on e.typarray = a.oid
where e.typtype in ('b', 'd', 'e', 'r', 'm') and e.typnamespace <> 'information_schema'::regnamespace"""
_LENGTHS = (
    *("varchar(1)", "varchar(2)", "varchar(6)", "varchar(7)", "varchar(8)", "varchar(13)", "varchar(14)"),
    *("char", "char(10)", "char(36)", "bpchar", "varchar(20)[]", "varchar(255)", "bit", "bit(3)", "bit(23)"),
    *("bit(24)", "bit(64)", "bit(100)", '"bit"', "varbit", "varbit(1)", "varbit(5)", "varbit(23)", "varbit(24)"),
    *("varbit(100)", "bit(8)[]"),
)
_NUMERICS = (
    *("numeric(1,0)", "numeric(2,0)", "numeric(5,2)", "numeric(7,0)", "numeric(8,1)", "numeric(9,2)", "numeric(10,0)"),
    *("numeric(20,18)", "numeric(38,10)", "numeric(1000,0)", "numeric(2,-3)", "numeric(9,-3)", "numeric(3,5)"),
    *("numeric(12,2)[]", "float(10)", "float(50)"),
)
_MOMENTS = (
    *("time(0)", "time(3)", "timetz(0)", "timestamp(0)", "timestamp(3)", "timestamptz(0)", "timestamptz(6)"),
    *("interval(0)", "interval(3)", "interval year", "interval month", "interval day", "interval hour"),
    *("interval minute", "interval second", "interval second(2)", "interval year to month", "interval day to hour"),
    *("interval day to minute", "interval day to second(3)", "interval hour to minute", "interval hour to second"),
    *("interval minute to second", "interval(2)[]"),
)
_VECTORS = ("vector(1)", "vector(1536)", "halfvec(1)", "halfvec(4)", "sparsevec(10)")


def _extended(connection: psycopg.Connection[Any]) -> None:
    """With extensions, in a schema that needs quotes."""
    connection.execute('create schema "My Schema"')
    there = connection.execute("select name from pg_available_extensions").fetchall()
    for name in _EXTENSIONS:
        if (name,) in there:
            connection.execute(f'create extension {name} schema "My Schema"'.encode())
    connection.execute("set search_path to ''")


@pytest.mark.parametrize(("query", "examples"), [(_SCALARS, 20), (_ARRAYS, 4)], ids=["scalars", "arrays"])
def test_every_type_of_the_server_gets_values(connection: psycopg.Connection[Any], query: str, examples: int) -> None:
    _extended(connection)
    names = [row[0] for row in connection.execute(query.encode())]
    wrong = {name: what_is_wrong(connection, name, examples) for name in names}

    unknown = {name.removeprefix('"My Schema".') for name, said in wrong.items() if said == "nothing is known of it"}
    assert {name for name in unknown if not name.endswith("[]")} == set(_UNKNOWN if query == _SCALARS else ())
    assert {name.removesuffix("[]") for name in unknown} <= set(_UNKNOWN)
    bad = {name: said for name, said in wrong.items() if said and said != "nothing is known of it"}
    assert {
        name: said for name, said in bad.items() if _EXCEPTIONS.get(name.removesuffix("[]"), "\0") not in said
    } == {}


@pytest.mark.parametrize("names", [_LENGTHS, _NUMERICS, _MOMENTS], ids=["lengths", "numerics", "moments"])
def test_modifiers_are_obeyed(connection: psycopg.Connection[Any], names: tuple[str, ...]) -> None:
    wrong = {name: what_is_wrong(connection, name) for name in names}
    assert {name: said for name, said in wrong.items() if said} == {}


def test_vectors_have_the_dimensions_of_their_column(server: Server, connection: psycopg.Connection[Any]) -> None:
    if not (server.bin.parent / "share" / "extension" / "vector.control").exists():
        pytest.skip("this server has no pgvector")
    _extended(connection)
    wrong = {name: what_is_wrong(connection, f'"My Schema".{name}') for name in _VECTORS}
    assert {name: said for name, said in wrong.items() if said} == {}


_SAME = (
    *("smallint", "integer", "bigint", "numeric", "numeric(5,2)", "numeric(40,20)", "numeric(5,-2)", "real", "float"),
    *("bool", "oid", "text", "varchar(3)", "name", '"char"', "bytea", "uuid", "inet", "cidr", "macaddr"),
    *("date", "time", "time(3)", "timetz", "timestamp(0)", "timestamptz", "interval", "interval second(1)"),
    *("interval day to hour", "int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"),
    *("integer[]", "text[]", "numeric(5,2)[]", "bytea[]", "uuid[]", "date[]", "bool[]", "inet[]", "int4range[]"),
    *("bit(3)", "varbit", "pg_lsn", "xid8", "timestamptz[]", "interval[]"),
)


def test_what_was_sent_comes_back(connection: psycopg.Connection[Any]) -> None:
    different: dict[str, Any] = {}
    for name in _SAME:
        with column_of(connection, name) as type_:
            pairs = sent(connection, type_)
        assert len({repr(value) for value, _ in pairs}) > 1
        different[name] = [pair for pair in pairs if pair[0] != pair[1]][:2]
    assert {name: pairs for name, pairs in different.items() if pairs} == {}


def test_documents_come_back(connection: psycopg.Connection[Any]) -> None:
    for name in ("json", "jsonb"):
        with column_of(connection, name) as type_:
            pairs = sent(connection, type_)
            assert [value.obj for value, _ in pairs] == [back for _, back in pairs]


def test_strategies_hold_what_programs_stumble_over(connection: psycopg.Connection[Any]) -> None:
    expected: dict[str, set[Any]] = {
        "text": {"", "é", "it's"},
        "varchar(1)": {"", "é", "0"},
        "integer": {0, -1, 2**31 - 1, -(2**31)},
        "numeric": {Decimal(0), Decimal("Infinity"), Decimal("1e40")},
        "numeric(5,2)": {Decimal("999.99"), Decimal("-999.99"), Decimal(0)},
        "bytea": {b"", b"\0"},
    }
    for name, edges in expected.items():
        with column_of(connection, name) as type_:
            values = {value for value, _ in sent(connection, type_, 100)}
        assert edges - values == set(), name


def test_of_an_unknown_type_nothing_is_said(connection: psycopg.Connection[Any]) -> None:
    connection.execute("create type public.shell")
    connection.execute(
        "create function public.shell_in(cstring) returns public.shell as 'int8in' language internal strict"
    )
    connection.execute(
        "create function public.shell_out(public.shell) returns cstring as 'int8out' language internal strict"
    )
    connection.execute(
        "create type public.shell (input = public.shell_in, output = public.shell_out, like = pg_catalog.int8)"
    )
    connection.execute("create type public.with_shell as (a public.shell, b int)")
    with column_of(connection, "public.shell[]") as type_:
        assert expression(type_, "1000003", {}) is None
        assert strategy(type_) is None
    assert what_is_wrong(connection, "public.with_shell") == ""  # NULL for what is not known
