"""Which columns statements compare with each other, and how rows then refer to rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_migrations.migration import Script
from pytest_migrations.rows.scripts.meeting import meeting
from pytest_migrations.rows.table import Check, Column, ForeignKey, Key, Table, Type
from pytest_migrations.sql.grammar import statements

INT, TEXT = Type("integer", "base", "int4"), Type("text", "base", "text")


def table(oid: int, name: str, *columns: str) -> Table:
    made = tuple(
        Column(column, TEXT if column[0] == "t" else INT, place, nullable=True)
        for place, column in enumerate(columns, 1)
    )
    return Table(oid, f"public.{name}", name, f"public.{name}", made, keys=(Key(frozenset({"id"}), False),))


A, B, C = table(1, "a", "id", "x", "t"), table(2, "b", "id", "a_id", "z", "text"), table(3, "c", "id", "a_id", "b_id")


def met(sql: str, *tables: Table) -> set[str]:
    """The keys that are wished for, by their columns."""
    given = {each.oid: each for each in (tables or (A, B, C))}
    return {
        f"{each.bare_name}.{','.join(key.columns)} -> {given[key.target].bare_name}.{','.join(key.referred)}"
        for each in meeting(statements(Script(Path("001.sql"), sql, sql)), given).values()
        for key in each.foreign_keys
        if key.is_wished
    }


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE a SET x = b.z FROM b WHERE b.a_id = a.id",
        "UPDATE a SET x = r.z FROM public.b r WHERE a.id = r.a_id AND r.z > 0",
        "UPDATE a SET x = z FROM b WHERE a_id = a.id",
        "UPDATE a SET x = (SELECT z FROM b WHERE b.a_id = a.id)",
        "DELETE FROM b USING a WHERE NOT (a.id <> 1 OR a.id = b.a_id)",
        "DELETE FROM b WHERE a_id IN (SELECT id FROM a)",
        "DELETE FROM a WHERE id IN (SELECT a_id FROM b WHERE a.x = b.z)",
        "DELETE FROM b WHERE a_id NOT IN (SELECT a.id FROM a WHERE x = 1)",
        "DELETE FROM b WHERE NOT EXISTS (SELECT FROM a WHERE a.id = b.a_id)",
        "INSERT INTO d SELECT a.id FROM a JOIN b ON a.id = b.a_id",
        "WITH w AS (SELECT a.id FROM a, b WHERE a.id = b.a_id) UPDATE b SET z = 1 FROM w WHERE w.id = b.id",
        "MERGE INTO a USING b ON a.id = b.a_id WHEN MATCHED THEN UPDATE SET x = z",
        "DO $$ BEGIN UPDATE a SET x = b.z FROM b WHERE b.a_id = a.id; END $$",
        "WITH w AS (SELECT a_id, max(z) AS m FROM b GROUP BY a_id) UPDATE a SET x = m FROM w WHERE w.a_id = a.id",
        "WITH v AS (SELECT * FROM b), w AS (SELECT * FROM v) INSERT INTO d SELECT 1 FROM w JOIN a ON a.id = w.a_id",
        "UPDATE a SET x = m FROM (SELECT a_id, max(z) AS m FROM b GROUP BY a_id) w WHERE w.a_id = a.id",
    ],
)
def test_what_is_compared_meets(sql: str) -> None:
    assert met(sql) == {"b.a_id -> a.id"}


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("UPDATE a SET x = 1 FROM b JOIN c USING (a_id)", {"b.a_id -> c.a_id"}),
        ("UPDATE a SET x = 1 FROM b WHERE a.id = b.id", {"a.id -> b.id"}),
        ("UPDATE a SET x = 1 FROM b, c WHERE a.id = b.a_id AND c.b_id = b.id", {"b.a_id -> a.id", "c.b_id -> b.id"}),
        ("UPDATE a SET x = 1 FROM b WHERE a.id = b.a_id OR a.x = b.z", {"b.a_id -> a.id"}),
        ("UPDATE a SET x = 1 FROM b WHERE a.id = b.a_id; DELETE FROM a USING b WHERE b.id = a.x", {"b.a_id -> a.id"}),
        ("UPDATE a SET x = 1 FROM b WHERE a.x = b.z AND a.id = b.a_id", {"b.z,a_id -> a.x,id"}),
        ("UPDATE a SET x = 1 FROM b WHERE a.x = b.z AND b.a_id = a.id AND a.t = b.text", {"b.z,a_id,text -> a.x,id,t"}),
        ("UPDATE a SET x = 1 FROM b JOIN c USING (id, a_id)", {"b.id,a_id -> c.id,a_id"}),
        ("UPDATE a SET x = 1 FROM b WHERE a.x = b.z; DELETE FROM a USING b WHERE a.id = b.a_id", {"b.a_id -> a.id"}),
        ("UPDATE a SET x = 1 FROM b WHERE a.x = b.z AND a.x = b.a_id AND a.id = b.z", {"b.a_id,z -> a.x,id"}),
        ("UPDATE a SET x = 1 FROM b WHERE a.id = b.text", set()),
        ("UPDATE a SET x = 1 FROM b WHERE a.id < b.a_id", set()),
        ("UPDATE a SET x = 1 FROM b WHERE a.id = b.a_id + 1", set()),
        ("UPDATE a SET x = 1 FROM b WHERE id = a_id", set()),
        ("UPDATE a SET x = 1 FROM a o WHERE o.id = a.x", set()),
        ("UPDATE a SET x = 1 FROM d WHERE a.id = d.a_id", set()),
        ("UPDATE a SET x = 1 WHERE a.x = a.id", set()),
        ("SELECT FROM a JOIN b ON a.id = b.a_id", set()),
        ("CREATE VIEW v AS SELECT FROM a JOIN b ON a.id = b.a_id", set()),
        ("DO LANGUAGE plpython3u 'a.id = b.a_id'", set()),
    ],
)
def test_what_meets_of_more_and_what_does_not(sql: str, found: set[str]) -> None:
    assert met(sql) == found


def test_foreign_keys_and_checks_go_before() -> None:
    sql = "UPDATE a SET x = 1 FROM b WHERE a.id = b.a_id"
    key = ForeignKey("k", ("a_id",), 1, ("id",))
    assert met(sql, A, replace(B, foreign_keys=(key,))) == set()
    assert met(sql, A, replace(B, foreign_keys=(replace(key, target=3),)), C) == set()
    assert met(sql, A, replace(B, checks=(Check("c", frozenset({"a_id"}), "a_id > 0"),))) == set()
    assert met(sql, replace(A, cannot="it has no partitions"), B) == set()


@pytest.mark.parametrize(
    ("mine", "theirs", "found"),
    [
        ("int8", "int4", {"a.x -> b.y"}),
        ("int4", "int8", {"b.y -> a.x"}),  # the other way round it fits
        ("int4", "int2", {"a.x -> b.y"}),
        ("int2", "int2", {"a.x -> b.y"}),
        ("text", "text", {"a.x -> b.y"}),
        ("text", "varchar", set()),
    ],
)
def test_only_what_fits_meets(mine: str, theirs: str, found: set[str]) -> None:
    one = replace(A, columns=(Column("x", Type(mine, "base", mine), 1, nullable=True),), keys=())
    other = replace(B, columns=(Column("y", Type(theirs, "base", theirs), 1, nullable=True),), keys=())
    assert met("UPDATE a SET x = 1 FROM b WHERE x = y", one, other) == found
    keyed = replace(other, keys=(Key(frozenset({"y"}), takes_nulls=True),))
    assert met("UPDATE a SET x = 1 FROM b WHERE x = y", one, keyed) == ({"a.x -> b.y"} if found else set())


def test_no_circle_is_closed() -> None:
    there = replace(A, foreign_keys=(ForeignKey("k", ("x",), 3, ("id",)),))
    back = replace(C, foreign_keys=(ForeignKey("k", ("b_id",), 2, ("id",)),))
    assert met("UPDATE a SET x = 1 FROM b WHERE a.id = b.a_id", there, B, back) == set()
