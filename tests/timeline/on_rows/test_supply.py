"""Which rows a migration finds in the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.timeline.on_rows.proofs import LOOSE, USERS, lost, tried, verdict

if TYPE_CHECKING:
    import psycopg

    from tests.timeline.on_rows.proofs import Prove


@pytest.mark.parametrize(
    ("up", "first", "tables"),
    [
        ('ALTER TABLE "S x"."The ""T" ADD x int', 'CREATE SCHEMA "S x" CREATE TABLE "The ""T" ()', ['S x.The "T']),
        ("ALTER TABLE a.t ADD x int", "CREATE SCHEMA a CREATE TABLE t (); CREATE TABLE t ()", ["a.t", "public.t"]),
        ("DO $$ BEGIN EXECUTE 'ALTER TABLE us' || 'ers ADD x int'; END $$", USERS, ["public.users"]),
        ("UPDATE v SET name = 'x'", USERS + "CREATE VIEW v AS SELECT * FROM users", ["public.users"]),
        ("REFRESH MATERIALIZED VIEW v", USERS + "CREATE MATERIALIZED VIEW v AS SELECT * FROM users", ["public.users"]),
        ("SELECT f()", USERS + "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'TRUNCATE loose'", ["public.loose"]),
        ("DROP TYPE mood CASCADE", USERS, ["public.moods"]),
        ("ALTER DOMAIN d ADD CHECK (VALUE > 0)", "CREATE DOMAIN d AS int; CREATE TABLE t (d d)", ["public.t"]),
        ("ALTER TYPE c DROP ATTRIBUTE b", "CREATE TYPE c AS (a int, b int); CREATE TABLE t (c c[])", ["public.t"]),
        ("ALTER TABLE users ALTER id TYPE bigint", USERS, ["public.orders", "public.users"]),
        ("CALL p()", "CREATE TABLE t (); CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'", ["public.t"]),
        ("CREATE TABLE x (id int PRIMARY KEY, mood mood); CREATE INDEX ON x (mood)", USERS, []),
        ("CREATE TABLE x (id int PRIMARY KEY, user_id int REFERENCES users)", USERS, ["public.users"]),
    ],
)  # fmt: skip
def test_the_tables_that_are_touched(prove: Prove, up: str, first: str, tables: list[str]) -> None:
    assert sorted(tried(prove(up, None, first=first)).rows) == tables


@pytest.mark.parametrize(
    "up",
    [
        "UPDATE users SET email = '' WHERE kind::text = 'gold' AND n IN (3, 4)",
        "UPDATE users AS u SET email = '' WHERE u.kind = 'gold' AND u.n IS NULL",
        "DELETE FROM users WHERE name LIKE 'foo%' AND n BETWEEN 10 AND 20",
        "UPDATE orders o SET state = 'x' FROM users u WHERE u.id = o.user_id AND u.kind = 'gold'",
        "DELETE FROM orders WHERE user_id IN (SELECT id FROM users WHERE kind = 'gold')",
        "DELETE FROM orders o WHERE EXISTS (SELECT 1 FROM users u WHERE u.id = o.user_id AND u.kind = 'gold')",
        "DELETE FROM orders o USING users u WHERE u.id = o.user_id AND u.kind = 'gold' AND state = 'open'",
        "WITH g AS (SELECT id FROM users WHERE kind = 'gold') UPDATE users u SET email = '' FROM g WHERE g.id = u.id",
        "DO $$ BEGIN IF true THEN UPDATE users SET email = '' WHERE kind = 'gold'; END IF; END $$",
    ],
)
def test_a_row_is_found_for_what_changes_rows(prove: Prove, up: str) -> None:
    assert verdict(prove(up)).reason.startswith("After the rollback the rows are not what they were:")


@pytest.mark.parametrize(
    "up",
    [
        "CREATE TABLE gold (id int); INSERT INTO gold SELECT u.id FROM users u WHERE u.kind = 'gold'",
        """CREATE TABLE gold (id int); INSERT INTO gold
           SELECT o.id FROM users u JOIN orders o ON o.user_id = u.id AND o.state = 'paid' WHERE u.kind = 'gold'""",
        """CREATE TABLE gold (id int); ALTER TABLE users ADD level int;
           INSERT INTO gold SELECT id FROM users WHERE level IS NULL AND kind = 'gold'; ALTER TABLE users DROP level""",
    ],
)
def test_a_row_is_found_for_what_is_copied(prove: Prove, up: str) -> None:
    proof = prove(up, "DROP TABLE gold")
    assert verdict(proof).outcome == "passed", verdict(proof).reason


@pytest.mark.parametrize(
    ("copied", "deleted"),
    [
        ("user_id IS NOT NULL", "true"),
        ("user_id > 100", "user_id IS NOT NULL"),
        ("user_id <> 7", "user_id IS NOT NULL"),
        ("user_id = 7", "user_id IN (7, 8)"),
        ("user_id = 7", "user_id = 7 OR user_id = 9"),
    ],
)
def test_a_row_that_a_condition_leaves_out(prove: Prove, copied: str, deleted: str) -> None:
    proof = prove(
        f"CREATE TABLE kept AS SELECT * FROM loose WHERE {copied}; DELETE FROM loose WHERE {deleted}",
        "INSERT INTO loose TABLE kept; DROP TABLE kept",
    )
    assert lost(proof)[0] == ["lost 1 row of public.loose"]


@pytest.mark.parametrize("others", ["", " AND n = 7", " AND name IS NOT NULL"])
def test_a_row_has_already_what_others_get(prove: Prove, others: str) -> None:
    """So that a rollback cannot tell them apart by it."""
    merged = f"UPDATE users SET kind = 'closed' WHERE kind = 'done'{others}"
    assert lost(prove(merged, f"UPDATE users SET kind = 'done' WHERE kind = 'closed'{others}"))[0] == [
        "changed 1 row of public.users (kind)"
    ]


@pytest.mark.parametrize(
    ("up", "down", "said"),
    [
        ("VALUES (1, 'x.1')", "DELETE FROM tags WHERE tag LIKE 'x.%'", ["lost 1 row of public.tags"]),
        ("VALUES (1, 'x.1')", "DELETE FROM tags WHERE tag = 'x.1'", []),
        ("VALUES (1, 'x.1')", "DELETE FROM tags WHERE id BETWEEN 1 AND 1", []),
        ("VALUES (1, 'x.1') ON CONFLICT DO NOTHING", "DELETE FROM tags WHERE tag IN ('x.1')", []),
    ],
)
def test_a_rollback_that_takes_more_than_the_migration_brings(
    prove: Prove, up: str, down: str, said: list[str]
) -> None:
    assert lost(prove(f"INSERT INTO tags {up}", down))[0] == said


_DAYS = """CREATE TABLE t (day date NOT NULL) PARTITION BY RANGE (day); CREATE TABLE rest PARTITION OF t DEFAULT;
CREATE TABLE p (LIKE t)"""


@pytest.mark.parametrize(
    ("first", "up", "code"),
    [
        ("CREATE TABLE t (a date NOT NULL, b date NOT NULL)", "ALTER TABLE t ADD CHECK (a < b)", "23514"),
        ("CREATE TABLE t (a text, b text)", "ALTER TABLE t ADD CHECK (a IS NOT NULL OR b IS NOT NULL)", "23514"),
        ("CREATE DOMAIN d AS date; CREATE TABLE t (d d)", "ALTER DOMAIN d ADD CHECK (VALUE < '2030-01-01')", "23514"),
        (_DAYS, "CREATE TABLE q PARTITION OF t FOR VALUES FROM ('2040-01-01') TO ('2041-01-01')", "23514"),
        (_DAYS, "ALTER TABLE t ATTACH PARTITION p FOR VALUES FROM (MINVALUE) TO ('1970-01-01')", "23514"),
        ("CREATE TABLE t (a int CHECK (a > 5))", "ALTER TABLE t ADD CHECK (a > 3)", None),
        ("CREATE TABLE t (a text)", "ALTER TABLE t ALTER a TYPE int USING length(a), ADD CHECK (a >= 0)", None),
        ("CREATE TABLE t (a text)", "UPDATE t SET a = '' WHERE a IS NULL; ALTER TABLE t ADD CHECK (a <> 'x')", "23514"),
        ("CREATE TABLE t (a text)", "UPDATE t SET a = '' WHERE a = 'x'; ALTER TABLE t ADD CHECK (a <> 'x')", None),
    ],
)
def test_a_row_that_is_forbidden(prove: Prove, first: str, up: str, code: str | None) -> None:
    failure = tried(prove(up, None, first=first)).failure
    assert (failure and failure.sqlstate) == code


@pytest.mark.parametrize(
    "up",
    [
        "UPDATE event e SET host = s.host FROM session s WHERE s.site_id = e.site_id AND s.id = e.session_id",
        """WITH s AS (SELECT site_id, max(host) AS host FROM session GROUP BY site_id)
           UPDATE event SET host = s.host FROM s WHERE s.site_id = event.site_id""",
    ],
)
def test_rows_meet_those_that_they_are_compared_with(prove: Prove, up: str) -> None:
    first = """CREATE TABLE session (id uuid PRIMARY KEY, site_id uuid NOT NULL, host text NOT NULL);
               CREATE TABLE event (id uuid PRIMARY KEY, site_id uuid NOT NULL, session_id uuid NOT NULL)"""
    proof = prove(f"ALTER TABLE event ADD host text; {up}", "ALTER TABLE event DROP host", first=first)
    assert verdict(proof).outcome == "passed", verdict(proof).reason


@pytest.mark.parametrize("unique", ["", " UNIQUE"])
def test_a_row_refers_already_to_what_others_get(prove: Prove, unique: str) -> None:
    first = f"""CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1);
                CREATE TABLE orders (id int PRIMARY KEY, user_id int{unique} REFERENCES users)"""
    given = "UPDATE orders SET user_id = 1 WHERE user_id IS NULL"
    proof = prove(given, "UPDATE orders SET user_id = NULL WHERE user_id = 1", first=first)
    assert lost(proof)[0] == ([] if unique else ["changed 1 row of public.orders (user_id)"])


def test_a_row_that_an_archive_leaves_behind(prove: Prove) -> None:
    first = "CREATE TABLE t (id int PRIMARY KEY, note text, owner int, liked bool NOT NULL)"
    archived = "CREATE TABLE a AS SELECT id FROM t WHERE liked AND owner IS NOT NULL; ALTER TABLE t DROP liked"
    back = """ALTER TABLE t ADD liked bool NOT NULL DEFAULT false;
              UPDATE t SET liked = true FROM a WHERE a.id = t.id; DROP TABLE a"""
    assert lost(prove(archived, back, first=first))[0] == ["changed 1 row of public.t (liked)"]


@pytest.mark.parametrize("value", ["true", "false", "NULL"])
def test_a_row_has_not_yet_what_it_gets(prove: Prove, value: str) -> None:
    first = "CREATE TABLE t (id int PRIMARY KEY, kind text, liked bool)"
    proof = prove(f"UPDATE t SET liked = {value} WHERE kind = 'x'", first=first)
    assert lost(proof)[0] == ["changed 1 row of public.t (liked)"]


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("CREATE TABLE t (a int NOT NULL CHECK (a > 5 AND a < 3))", "no values were found that satisfy t_a_check"),
        (
            """CREATE TABLE t (); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''never''; END';
               CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
               ALTER TABLE t ENABLE ALWAYS TRIGGER f""",
            "its rows are refused: never",
        ),
    ],
)
def test_a_table_that_stays_empty_is_not_proved(prove: Prove, table: str, why: str) -> None:
    proof = prove("ALTER TABLE t ADD b int NOT NULL", "ALTER TABLE t DROP b", first=table)
    assert verdict(proof).outcome == "skipped"
    assert verdict(proof).reason.startswith(f"not proved of 002_m.sql: public.t holds no row: {why}")
    assert list(tried(proof).empty) == ["public.t"]


@pytest.mark.parametrize(
    ("up", "down", "rows"),
    [
        (
            f"INSERT INTO loose SELECT generate_series({LOOSE}, {LOOSE + 4})",
            f"DELETE FROM loose WHERE id < {LOOSE + 5}",
            5,
        ),
        ("INSERT INTO flags VALUES (true)", "DELETE FROM flags WHERE flag", 1),
        ("INSERT INTO moods VALUES ('ok')", "DELETE FROM moods WHERE mood = 'ok'", 1),
    ],
)
def test_rows_give_way_to_those_of_the_migration(prove: Prove, up: str, down: str, rows: int) -> None:
    proof = prove(up, down)
    assert verdict(proof).outcome == "passed", verdict(proof).reason
    assert list(tried(proof).rows.values()) == [rows]


def test_a_table_whose_rows_are_all_in_the_way(prove: Prove) -> None:
    proof = prove("INSERT INTO flags VALUES (true), (false)", "DELETE FROM flags")
    assert verdict(proof).reason == (
        "not proved of 002_m.sql: public.flags holds no row: any row is in the way of those that the migration puts in"
    )


def test_rows_of_the_migration_that_meet_each_other_fail(prove: Prove) -> None:
    proof = prove("INSERT INTO flags SELECT true FROM users", "DELETE FROM flags")
    assert "duplicate key value violates" in verdict(proof).reason


def test_rows_that_a_trigger_takes_away_again(prove: Prove) -> None:
    emptying = """
        CREATE TABLE t (id int PRIMARY KEY, a int);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM t; RETURN NULL; END';
        CREATE TRIGGER f AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION f();
    """
    proof = prove("ALTER TABLE t DROP a", "ALTER TABLE t ADD a int", first=emptying)
    assert verdict(proof).outcome == "skipped"
    assert "5 rows were put in, and 0 can be seen" in verdict(proof).reason


def test_rows_of_the_users_own(prove: Prove) -> None:
    def put_in(connection: psycopg.Connection[Any], _: object) -> None:
        connection.execute("INSERT INTO users (id, name) VALUES (7, 'Plato')")

    proof = prove("UPDATE users SET name = upper(name) WHERE id < 100", put_rows_in=put_in)
    assert "id '7': name 'Plato' -> 'PLATO'" in verdict(proof).reason
    assert tried(proof).has_hook


def test_one_row(prove: Prove) -> None:
    assert lost(prove("DELETE FROM loose WHERE user_id = 5", rows=1))[0] == ["lost 1 row of public.loose"]


@pytest.mark.parametrize("using", ["to_timestamp(n)", "n * 1000000"])
def test_numbers_give_way_that_are_too_large_to_reckon_with(prove: Prove, using: str) -> None:
    proof = prove(
        f"CREATE TABLE m AS SELECT {using} FROM big", "DROP TABLE m", first="CREATE TABLE big (id int, n bigint)"
    )
    assert verdict(proof).outcome == "passed", verdict(proof).reason


def test_a_float_does_not_hold_them(prove: Prove) -> None:
    up, down = "ALTER TABLE big ALTER n TYPE float8", "ALTER TABLE big ALTER n TYPE bigint"
    assert lost(prove(up, down, first="CREATE TABLE big (id int, n bigint)"))[0] == ["changed 1 row of public.big (n)"]
