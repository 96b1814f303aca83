"""What is read from statements, one of each form."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_migrations.effects import Condition, Effect, Guard, Named, Verb, effects_of
from pytest_migrations.migration import Migration

Make = Callable[..., Migration]


def said(effect: Effect) -> str:
    return f"{effect.verb.value} {effect.object}"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "CREATE TABLE Orders (id int PRIMARY KEY, u int REFERENCES app.users)",
            [
                "creates table orders",
                "creates column orders.id",
                "creates column orders.u",
                "creates constraint orders.orders_pkey",
                "creates index orders_pkey",
                "requires column orders.id",
                "requires table app.users",
                "requires column orders.u",
                "creates constraint orders.orders_u_fkey",
            ],
        ),
        ('CREATE TABLE s."T" ()', ["requires schema s", 'creates table s."T"']),
        ("CREATE TEMP TABLE t ()", ["creates table pg_temp.t"]),
        (
            "ALTER TABLE t ADD a serial, DROP b",
            ["alters table t", "drops column t.b", "creates column t.a", "creates sequence t_a_seq"],
        ),
        ("ALTER TABLE t ALTER c TYPE mood", ["alters table t", "requires type mood", "alters column t.c"]),
        (
            "CREATE INDEX ON t (lower(a), b)",
            ["requires relation t", "creates index t_lower_b_idx", "requires column t.a", "requires column t.b"],
        ),
        (
            "CREATE VIEW v AS SELECT a FROM t",
            ["reads relation t", "reads column t.a", "creates view v", "creates column v.a"],
        ),
        (
            "CREATE VIEW v AS SELECT *, 1 AS x FROM t",
            ["reads relation t", "reads relation t", "creates view v", "alters view v", "creates column v.x"],
        ),
        (
            "CREATE MATERIALIZED VIEW v AS SELECT f(1) AS x FROM t",
            ["requires routine f", "reads relation t", "creates materialized view v", "creates column v.x"],
        ),
        ("DROP TABLE IF EXISTS a, s.b CASCADE", ["drops table a", "drops table s.b"]),
        ("DROP FUNCTION f(int)", ["drops function f"]),
        ("DROP TRIGGER g ON t", ["drops trigger t.g"]),
        ("ALTER TABLE t RENAME TO u", ["renames table t"]),
        ("ALTER TABLE t RENAME a TO b", ["alters relation t", "renames column t.a"]),
        ("ALTER TYPE m RENAME VALUE 'a' TO 'b'", ["alters enum m", "renames value m.a"]),
        ("CREATE TYPE m AS ENUM ('a')", ["creates enum m", "creates value m.a"]),
        (
            "CREATE DOMAIN d AS text CHECK (f(value))",
            ["creates domain d", "creates domain constraint d.d_check", "requires routine f"],
        ),
        ("CREATE SEQUENCE s OWNED BY t.a", ["requires relation t", "requires column t.a", "creates sequence s"]),
        (
            "ALTER TABLE t ALTER a SET DEFAULT nextval('s')",
            ["alters table t", "alters column t.a", "drops default t.a", "requires relation s", "creates default t.a"],
        ),
        ("SELECT 'app.orders'::regclass", ["requires relation app.orders"]),
        (
            "CREATE TRIGGER g BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f()",
            ["requires relation t", "requires function f", "requires column t.a", "creates trigger t.g"],
        ),
        (
            "CREATE POLICY p ON t USING (a IN (SELECT b FROM u))",
            ["requires relation t", "creates policy t.p", "reads relation u", "reads column t.a"],
        ),
        ("COMMENT ON COLUMN t.a IS ''", ["alters column t.a"]),
        ("GRANT SELECT ON t TO PUBLIC", ["alters relation t"]),
        (
            "INSERT INTO t (a) SELECT u.b FROM u",
            ["requires relation t", "requires column t.a", "reads relation u", "reads column u.b"],
        ),
        ("WITH t AS (SELECT * FROM t) SELECT * FROM t", ["reads relation t"]),
        ("WITH RECURSIVE t AS (SELECT * FROM t) SELECT * FROM t", []),
        (
            "CREATE FUNCTION f(a m) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT id FROM t; END",
            ["requires type m", "creates function f", "reads relation t"],
        ),
        ("REFRESH MATERIALIZED VIEW v", ["requires relation v"]),
        ("CREATE EXTENSION citext", ["creates extension citext"]),
        (
            "SET LOCAL search_path TO x; CREATE TABLE t (); SELECT * FROM t",
            ["requires schema x", "creates table x.t", "reads relation x.t"],
        ),
        ("SELECT now(), count(*), pg_catalog.lower('A') FROM pg_class, information_schema.tables", []),
        ("VALUES (1)", []),
        ("DO ''", []),
        ("ALTER TYPE m ADD VALUE ''", ["alters enum m", 'creates value m.""']),
    ],
)
def test_effects_of_a_statement(make_migration: Make, sql: str, expected: list[str]) -> None:
    assert list(map(said, effects_of(make_migration(sql).up).effects)) == expected


def test_the_place_of_an_effect(make_migration: Make) -> None:
    (effect,) = effects_of(make_migration("/* ä */\nDROP VIEW\n  s.töne;").up).effects
    assert (effect.place.line, effect.place.column) == (3, 5)


def test_the_place_within_a_block(make_migration: Make) -> None:
    text = "SELECT 1;\nDO $x$\nBEGIN\n  PERFORM 1;\n  ALTER TABLE töne\n    ADD a int;\nEND $x$;"
    first, second = effects_of(make_migration(text).up).effects
    assert (first.place.line, first.place.column) == (5, 15)
    assert (second.place.line, second.place.column) == (6, 9)


def guards_of(make_migration: Make, condition: str) -> list[tuple[Guard, ...]]:
    block = f"DO $$ BEGIN IF {condition} THEN DROP TABLE a; ELSE DROP TABLE b; END IF; END $$;"
    effects = effects_of(make_migration(block).up).of(Verb.DROP)
    assert all(Condition.BRANCH in effect.condition for effect in effects)
    return [effect.guards for effect in effects_of(make_migration(block).up).of(Verb.DROP)]


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        ("EXISTS (SELECT 1 FROM information_schema.tables WHERE table_name = 't')", ("relation", "public", "t")),
        ("EXISTS (SELECT FROM pg_tables WHERE schemaname = 's' AND tablename = 't')", ("relation", "s", "t")),
        ("to_regclass('s.t') IS NOT NULL", ("relation", "s", "t")),
        ("EXISTS (SELECT 1 FROM pg_type WHERE typname = 'm')", ("type", "public", "m")),
        (
            "EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't' AND column_name = 'c')",
            ("column", "public", "t", "c"),
        ),
        ("EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'x')", ("extension", "x")),
    ],
)
def test_conditions_that_ask_for_an_object(make_migration: Make, condition: str, named: tuple[str, ...]) -> None:
    wanted = Named(named[0], named[1:])
    assert guards_of(make_migration, condition) == [(Guard(wanted),), (Guard(wanted, is_there=False),)]
    assert guards_of(make_migration, f"NOT {condition}" if "NULL" not in condition else f"NOT ({condition})") == [
        (Guard(wanted, is_there=False),),
        (Guard(wanted),),
    ]


@pytest.mark.parametrize("condition", ["random() > 1", "EXISTS (SELECT 1 FROM t)", "true OR false"])
def test_conditions_that_ask_for_something_else(make_migration: Make, condition: str) -> None:
    assert guards_of(make_migration, condition) == [(Guard(None),), (Guard(None),)]


@pytest.mark.parametrize(
    ("execute", "effects", "pattern"),
    [
        ("'DROP TABLE a'", ["drops table a"], None),
        ("'DROP TABLE ' || 'a'", ["drops table a"], None),
        (
            "format('ALTER TABLE a ADD b text DEFAULT %L', x)",
            ["alters table a", "creates column a.b", "creates default a.b"],
            None,
        ),
        ("format('DROP TABLE %I', 'a_' || x)", [], 'drops table "a_*"'),
        ("format('DROP TABLE %1$s_b', x)", [], 'drops table "*_b"'),
        ("'DROP TABLE ' || quote_ident(x)", [], 'drops table "*"'),
    ],
)
def test_statements_that_are_put_together(
    make_migration: Make, execute: str, effects: list[str], pattern: str | None
) -> None:
    found = effects_of(make_migration(f"DO $$ DECLARE x text; BEGIN EXECUTE {execute}; END $$;").up)
    assert list(map(said, found.effects)) == effects
    assert [said(effect) for place in found.opaque for effect in place.effects or ()] == ([pattern] if pattern else [])


@pytest.mark.parametrize("execute", ["x", "x || y", "format(x, y)", "format('%s a', x)"])
def test_statements_of_which_nothing_is_known(make_migration: Make, execute: str) -> None:
    (place,) = effects_of(make_migration(f"DO $$ BEGIN EXECUTE {execute}; END $$;").up).opaque
    assert place.effects is None


def test_a_script_that_is_no_sql(make_migration: Make) -> None:
    found = effects_of(make_migration("SELECT 1;\nSELEC 2;").up)
    (mistake,) = found.mistakes
    assert found.effects == ()
    assert (mistake.place.line, mistake.place.column) == (2, 1)
    assert mistake.message == 'syntax error at or near "SELEC"'


def test_a_script_that_is_nested_too_deeply(make_migration: Make) -> None:
    (place,) = effects_of(make_migration("SELECT " + " || ".join(["'a'"] * 3000)).up).opaque
    assert place.reason == "it is nested too deeply"
