"""What the values look like that tables are filled with."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import psycopg
import pytest

from pytest_migrations.rows.table import Type
from pytest_migrations.rows.types import expression
from tests.rows.types.trying import column_of, filled

_VALUES = {
    "text": ("Généré 1000003", "Généré 1000004"),
    "varchar(10)": ("Gén1000003", "Gén1000004"),
    "varchar(7)": ("1000003", "1000004"),
    "varchar(3)": ("Aaa", "Aab"),
    "char(15)": ("Généré 1000003", "Généré 1000004"),  # ::text cuts the spaces off
    "int2": ("20003", "20004"),
    "int8": ("1000003", "1000004"),
    "numeric": ("1000003.2501", "1000004.2501"),
    "numeric(10,1)": ("1000003.5", "1000004.5"),
    "numeric(10)": ("1000003", "1000004"),
    "numeric(4,2)": ("99.99", "99.98"),
    "numeric(1)": ("9", "8"),
    "numeric(2,-3)": ("99000", "98000"),
    "float8": ("1000003.2501", "1000004.2501"),
    "real": ("1.0000035e+06", "1.0000045e+06"),
    "bool": ("false", "true"),
    "date": ("2001-02-03", "2001-02-04"),
    "time": ("04:05:06.789012", "04:05:07.789012"),
    "timestamp": ("2001-02-03 04:05:06.789012", "2001-02-03 04:06:06.789012"),
    "timestamptz(0)": ("2001-02-03 04:05:07+00", "2001-02-03 04:06:07+00"),
    "interval": ("1 day 00:01:04.567891", "1 day 00:02:04.567891"),
    "interval year": ("1 year", "2 years"),
    "uuid": ("00000000-0000-4000-8000-0000000f4243", "00000000-0000-4000-8000-0000000f4244"),
    "jsonb": tuple(
        f'{{"list": [{n}, {{"deep": true}}], "none": null, "text": "Généré {n}", "number": {n}.25}}'
        for n in (1_000_003, 1_000_004)
    ),
    "inet": ("10.0.0.0/32", "10.0.0.1/32"),
    "cidr": ("10.0.0.0/24", "10.0.1.0/24"),
    "macaddr": ("08:00:00:0f:42:43", "08:00:00:0f:42:44"),
    "bytea": ("\\x00ff000f4243", "\\x00ff000f4244"),
    "bit(3)": ("000", "001"),
    "point": ("(1000003.25,-1000003.5)", "(1000004.25,-1000004.5)"),
    "int4range": ("[1000003,1000004)", "[1000004,1000005)"),
    "daterange[]": (
        '{"[2001-02-03,2001-02-04)","[2001-02-04,2001-02-05)"}',
        '{"[2001-02-04,2001-02-05)","[2001-02-05,2001-02-06)"}',
    ),
    "text[]": ('{"Généré 1000003","Généré 1000004"}', '{"Généré 1000004","Généré 1000005"}'),
}


def test_values(connection: psycopg.Connection[Any]) -> None:
    found = {}
    for name in _VALUES:
        with column_of(connection, name) as type_:
            found[name] = tuple(filled(connection, type_, count=2))
    assert found == _VALUES


def test_nothing_is_lost_from_json_to_jsonb_and_back(connection: psycopg.Connection[Any]) -> None:
    value = expression(Type("json", "base", "json"), "1000003", {})
    same = connection.execute(f"select ({value})::text = ({value})::jsonb::text".encode()).fetchone()
    assert same == (True,)


def test_functions_of_the_user_are_not_called(connection: psycopg.Connection[Any]) -> None:
    connection.execute("""
        create schema mine;
        create function mine.concat(text, int) returns text language sql as $$ select 'mine' $$;
        create function mine.lpad(text, int, text) returns text language sql as $$ select 'mine' $$;
        create function mine.to_hex(int) returns text language sql as $$ select 'mine' $$;
        create function mine.int4range(int, int) returns text language sql as $$ select 'mine' $$;
        create domain mine.int4 as text;
        create domain mine.text as int;
        create domain mine.oid as text;
        set search_path to mine, pg_catalog""")
    for name in ("character varying(20)", "uuid", "int4range", "macaddr", "pg_lsn", "timestamp", "regclass"):
        base = {"character varying(20)": "varchar"}.get(name, name)
        type_ = Type(
            name,
            "range" if name == "int4range" else "base",
            base,
            24 if base == "varchar" else -1,
            element=Type("integer", "base", "int4"),
        )
        connection.execute(f"select {expression(type_, '1000003', {})}".encode())


@pytest.mark.parametrize("backslashes", ["on", "off"])
def test_backslashes_mean_themselves(connection: psycopg.Connection[Any], backslashes: str) -> None:
    connection.execute(r"create type public.slashes as enum (E'\\n')")
    connection.execute(f"set standard_conforming_strings to {backslashes}".encode())
    value = expression(Type("public.slashes", "enum", "slashes", labels=("\\n",)), "1000003", {})
    assert connection.execute(f"select {value}::text".encode()).fetchone() == ("\\n",)


def test_neither_hypothesis_nor_the_driver_is_loaded_for_sql() -> None:
    program = """
import sys
from pytest_migrations.rows.table import Type
from pytest_migrations.rows.types import capacity, expression
expression(Type("text", "base", "text"), "1000003", {}), capacity(Type("text", "base", "text"))
assert not {"hypothesis", "psycopg"} & set(sys.modules), sys.modules"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
