"""Bodies whose variables are of types that only a server knows."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from pytest_migrations.effects import Named, effects_of
from pytest_migrations.migration import Migration

STAGE = """
    CREATE SCHEMA s;
    CREATE TYPE mood AS ENUM ('a');
    CREATE TYPE s."Mood" AS ENUM ('a');
    CREATE TABLE t (a int, m mood);
"""


@pytest.mark.parametrize(
    "declared",
    [
        "DECLARE x mood; y int; BEGIN SELECT m, a INTO x, y FROM t;",
        "DECLARE x s.\"Mood\" NOT NULL := 'a'; -- so\n y CONSTANT mood := 'a'; z int; BEGIN SELECT 'a', 1 INTO x, z;",
        "DECLARE x mood[]; y int; BEGIN x[1] := 'a'; SELECT array_agg(m), 1 INTO x, y FROM t;",
        'DECLARE x s."Mood" []; y s."Mood"; BEGIN x := ARRAY[enum_first(y)]; FOREACH y IN ARRAY x LOOP EXIT; END LOOP;',
        "DECLARE x t%ROWTYPE; y t.a%TYPE; BEGIN SELECT * INTO x FROM t; x.a := 1;",
        "DECLARE x t; y mood; z int; BEGIN SELECT m, a INTO y, z FROM t; x.a := 1;",
        "DECLARE x mood; y mood; BEGIN FOR x, y IN SELECT m, m FROM t LOOP EXIT; END LOOP;",
    ],
)
@pytest.mark.parametrize("head", ["DO", "CREATE FUNCTION f(p mood[], OUT q mood, OUT r int) AS"])
def test_they_are_read(
    make_migration: Callable[..., Migration], connection: psycopg.Connection, declared: str, head: str
) -> None:
    script = f"{head} $body$ {declared} CREATE TABLE made (id int); END $body$ LANGUAGE plpgsql;"
    connection.execute((STAGE + script).encode())
    effects = effects_of(make_migration(script).up)
    assert not effects.opaque
    assert not effects.mistakes
    assert Named("table", ("public", "made")) in [effect.object for effect in effects.effects]
