"""Which rows new CHECKs and partitions forbid."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_migrations.migration import Script
from pytest_migrations.rows.scripts.forbidden import forbidden_by
from pytest_migrations.rows.table import Column, Table, Type
from pytest_migrations.sql.grammar import statements

INT = Type("integer", "base", "int4")
OF_DOMAIN = Type("public.d", "domain", "d", element=INT)
COLUMNS = (
    *(Column(name, INT, 1, nullable=True) for name in ("x", "y")),
    *(Column(name, OF_DOMAIN, 1, nullable=True) for name in ("d1", "D2")),
)


def forbidden(sql: str, key: str = "") -> dict[str, tuple[str, ...]]:
    table = Table(1, "public.a", "a", "public.a", COLUMNS, partition_key=key)
    return forbidden_by(statements(Script(Path("001.sql"), sql, sql)), [table])


@pytest.mark.parametrize(
    ("sql", "conditions"),
    [
        ("ALTER TABLE public.a ADD CHECK (x < a.y)", ("(x < y) IS FALSE",)),
        ("ALTER TABLE a ADD z int, ADD CONSTRAINT c CHECK (x > 0 AND y > 0), ADD CHECK (y = 1)",
         ("(x > 0 AND y > 0) IS FALSE", "(y = 1) IS FALSE")),
        ("ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0) NOT VALID", ("(x > 0) IS FALSE",)),
        ("DO $$ BEGIN ALTER TABLE a ADD CHECK (x IS NOT NULL OR y IS NOT NULL); END $$",
         ("(x IS NOT NULL OR y IS NOT NULL) IS FALSE",)),
        ("ALTER DOMAIN d ADD CHECK (VALUE < 100)", ("(d1 < 100) IS FALSE", '("D2" < 100) IS FALSE')),
        ("ALTER TABLE a ADD CHECK (z > x)", ()),
        ("ALTER TABLE a ADD CHECK (a IS NOT NULL)", ()),
        ("ALTER TABLE a ADD z int CHECK (z > 0)", ()),
        ("ALTER TABLE b ADD CHECK (x > 0)", ()),
        ("ALTER DOMAIN e ADD CHECK (VALUE < 100)", ()),
        ("ALTER DOMAIN d DROP CONSTRAINT d_check", ()),
        ("CREATE TABLE b (x int CHECK (x > 0))", ()),
    ],
)  # fmt: skip
def test_checks(sql: str, conditions: tuple[str, ...]) -> None:
    assert forbidden(sql).get("a", ()) == conditions


@pytest.mark.parametrize(
    ("key", "bounds", "condition"),
    [
        ("LIST (x)", "IN (1, 2)", "x IN (1, 2)"),
        ('LIST ("D2")', "IN (1)", '"D2" IN (1)'),
        ("LIST (abs(x))", "IN (1, NULL)", "(abs(x)) IN (1, NULL)"),
        ("RANGE (x)", "FROM (1) TO (5)", "(x) >= (1) AND (x) < (5)"),
        ("RANGE (x)", "FROM (MINVALUE) TO ('5')", "(x) < ('5')"),
        ("RANGE (x, y)", "FROM (1, 2) TO (5, 6)", "(x, y) >= (1, 2) AND (x, y) < (5, 6)"),
        ("RANGE (x, y)", "FROM (1, MAXVALUE) TO (5, MAXVALUE)", "(x) > (1) AND (x) <= (5)"),
        ("RANGE (x, y)", "FROM (1, MINVALUE) TO (5, MINVALUE)", "(x) >= (1) AND (x) < (5)"),
        ("RANGE (x)", "FROM (MINVALUE) TO (MAXVALUE)", None),
        ("HASH (x)", "WITH (MODULUS 4, REMAINDER 0)", None),
        ("", "IN (1, 2)", None),
    ],
)
@pytest.mark.parametrize("sql", ["CREATE TABLE p PARTITION OF public.a", "ALTER TABLE public.a ATTACH PARTITION p"])
def test_partitions_that_take_rows_of_the_default_one(sql: str, key: str, bounds: str, condition: str | None) -> None:
    assert forbidden(f"{sql} FOR VALUES {bounds}", key).get("a", ()) == ((condition,) if condition else ())


def test_a_default_partition_takes_none() -> None:
    assert not forbidden("CREATE TABLE p PARTITION OF a DEFAULT", "LIST (x)")
    assert not forbidden("CREATE TABLE p PARTITION OF b FOR VALUES IN (1)", "LIST (x)")
