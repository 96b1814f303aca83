"""What validate says of a history is what a server says of it: nothing where all of it runs, and why where not."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from pytest_migrations.migration import History
from tests.validate.asked import errors, runs

MakeHistory = Callable[..., History]
PARTITIONED = "CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT;"
STARS = (
    "CREATE TABLE t (a int, b int); CREATE TABLE o (a int, d int);"
    "CREATE VIEW v (x) AS SELECT * FROM t; CREATE VIEW w AS SELECT v.x AS a, v.b, 1 AS c FROM v;"
)
HEIR = "CREATE TABLE base (a int, b int); CREATE TABLE kid () INHERITS (base);"


@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param(
            [
                (
                    "CREATE TABLE t (s tsvector, x text); CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW"
                    " EXECUTE FUNCTION tsvector_update_trigger(s, 'pg_catalog.english', x);"
                )
            ],
            id="a trigger function of PostgreSQL",
        ),
        pytest.param(
            [
                (
                    "GRANT EXECUTE ON FUNCTION pg_stat_reset() TO PUBLIC; COMMENT ON FUNCTION lower(text) IS '';"
                    "ALTER FUNCTION now() COST 2; COMMENT ON TYPE int4 IS ''; ALTER TYPE jsonb OWNER TO CURRENT_USER;"
                )
            ],
            id="its functions and types",
        ),
        pytest.param(
            [
                (
                    "CREATE AGGREGATE s (int) (sfunc = int4pl, stype = int); DROP AGGREGATE s (int);"
                    "CREATE OPERATOR ## (leftarg = int, rightarg = int, function = int4mul);"
                    "CREATE CAST (text AS bytea) WITH FUNCTION textsend (text);"
                    "CREATE TYPE r AS RANGE (subtype = float8, subtype_diff = float8mi);"
                )
            ],
            id="what is made of its functions",
        ),
        pytest.param(
            [
                (
                    "GRANT SELECT ON pg_stat_activity TO PUBLIC; GRANT USAGE ON SCHEMA pg_catalog TO PUBLIC;"
                    "COMMENT ON SCHEMA information_schema IS ''; SET search_path TO information_schema;"
                    "SELECT table_name FROM tables;"
                )
            ],
            id="its relations and schemas",
        ),
        pytest.param(
            ["COMMENT ON EXTENSION plpgsql IS ''; ALTER EXTENSION plpgsql SET SCHEMA pg_catalog;"], id="plpgsql"
        ),
        pytest.param(
            [
                "CREATE FUNCTION n_in(cstring) RETURNS n IMMUTABLE STRICT LANGUAGE internal AS 'int4in';",
                "CREATE FUNCTION n_out(n) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'int4out';",
                "CREATE TYPE n (input = n_in, output = n_out, like = int4); CREATE TABLE t (a n DEFAULT '1');",
                "CREATE FUNCTION r(int) RETURNS t LANGUAGE internal AS 'int4out'; ALTER TABLE t ADD b int;",
            ],
            id="a type that its function declares",
        ),
        pytest.param(
            [
                (
                    "CREATE FUNCTION lower() RETURNS int LANGUAGE sql RETURN 1; DROP FUNCTION lower();"
                    "CREATE TYPE pg_t AS ENUM (); DROP TYPE pg_t; COMMENT ON TYPE pg_class IS '';"
                )
            ]
            * 2,
            id="what is called as one of its",
        ),
        pytest.param(
            [
                (
                    "CREATE SCHEMA x; CREATE EXTENSION hstore; ALTER EXTENSION hstore SET SCHEMA x;"
                    "CREATE TABLE t (h x.hstore); DROP EXTENSION hstore CASCADE; DROP SCHEMA x;"
                )
            ],
            id="an extension that moves",
        ),
        pytest.param(
            ["CREATE EXTENSION earthdistance CASCADE; CREATE TABLE t (c cube); COMMENT ON EXTENSION cube IS '';"],
            id="an extension that brings others",
        ),
        pytest.param(
            [
                (
                    "CREATE TABLE t (a int); CREATE FUNCTION twice(t) RETURNS int LANGUAGE sql RETURN 2 * $1.a;"
                    "CREATE VIEW v AS SELECT t.twice, t.to_jsonb FROM t;"
                )
            ],
            id="a function called as a column",
        ),
        pytest.param(
            [PARTITIONED, "CREATE INDEX ON p (b);", "ALTER INDEX p1_b_idx RENAME TO i;", "COMMENT ON INDEX i IS '';"],
            id="an index that a partition has of its table",
        ),
        pytest.param(
            [
                (
                    f"{PARTITIONED} DROP TABLE p1; ALTER TABLE p ADD PRIMARY KEY (a);"
                    "CREATE TABLE o (a int NOT NULL, b int); ALTER TABLE p ATTACH PARTITION o DEFAULT;"
                    "ALTER INDEX o_pkey RENAME TO k; ALTER TABLE o CLUSTER ON k;"
                )
            ],
            id="one that it gets when it is attached",
        ),
        pytest.param(
            [
                "CREATE TABLE t (a int); CREATE INDEX ON t (a); CREATE TABLE o (LIKE t INCLUDING ALL);",
                "DROP INDEX o_a_idx;",
            ],
            id="one that a copy has",
        ),
        pytest.param(
            [
                f"{HEIR} CREATE VIEW v AS SELECT b FROM kid; ALTER TABLE kid NO INHERIT base;",
                "CREATE VIEW w AS SELECT b FROM kid; ALTER TABLE base DROP COLUMN b; DROP TABLE base;",
            ],
            id="columns of one that inherits no more",
        ),
        pytest.param(
            [
                f"{PARTITIONED} CREATE VIEW v AS SELECT b FROM p1; ALTER TABLE p DETACH PARTITION p1;",
                "ALTER TABLE p DROP COLUMN b; DROP TABLE p;",
            ],
            id="columns of a partition that is detached",
        ),
        pytest.param(
            [f"{STARS} ALTER TABLE t ADD c int; ALTER TABLE t DROP c;", "SELECT x, b FROM v; SELECT a, b, c FROM w;"],
            id="what is added behind a star",
        ),
        pytest.param(
            [f"{STARS} CREATE VIEW n AS SELECT count(*), count(o.*) AS o FROM o;", "ALTER TABLE o DROP COLUMN d;"],
            id="stars that are no columns",
        ),
        pytest.param(
            [
                STARS,
                "CREATE VIEW j AS SELECT * FROM t JOIN o USING (a); SELECT a, b, d FROM j;",
                "CREATE VIEW f AS SELECT * FROM generate_series(1, 2) AS g (n); SELECT n FROM f;",
                "CREATE VIEW c (k) AS WITH t AS (SELECT t.* FROM t) SELECT x.*, 1 AS l FROM t x; SELECT k, l FROM c;",
                "CREATE VIEW r AS SELECT * FROM (SELECT a FROM t) AS s (z); SELECT z FROM r;",
            ],
            id="stars of joins, functions, common tables and queries",
        ),
        pytest.param(
            [
                "CREATE TABLE t (a int); DO $$ BEGIN EXECUTE format('ALTER TABLE t ADD %I int', 'x' || 1); END $$;",
                "CREATE VIEW v AS SELECT * FROM t; SELECT x1 FROM v;",
            ],
            id="a star over what is not read",
        ),
        pytest.param(
            [
                f"{STARS} CREATE VIEW n AS SELECT a::text, b FROM t UNION SELECT '', 1;",
                "CREATE OR REPLACE VIEW n AS SELECT d::text AS a, a AS b, 1 AS c FROM o;",
                "CREATE OR REPLACE VIEW n (a, b, c, d) AS SELECT '', o.*, 3 FROM o;",
                "DROP VIEW n; CREATE OR REPLACE VIEW n AS SELECT 1 AS z;",
            ],
            id="views that are replaced",
        ),
        pytest.param(
            [
                "CREATE FUNCTION f(int) RETURNS int[] LANGUAGE sql RETURN '{1}'::int[];",
                "CREATE OR REPLACE FUNCTION f(a int) RETURNS _int4 LANGUAGE sql RETURN '{1}'::int[];",
                "CREATE OR REPLACE FUNCTION f(b int, c int = 1) RETURNS text LANGUAGE sql RETURN '';",
                "DROP FUNCTION f(int); DROP FUNCTION f;",
                "CREATE OR REPLACE FUNCTION f(c int) RETURNS text LANGUAGE sql RETURN '';",
                "CREATE PROCEDURE f(text) LANGUAGE sql AS ''; COMMENT ON FUNCTION f IS ''; DROP FUNCTION f;",
            ],
            id="functions that are replaced",
        ),
        pytest.param(
            [
                "CREATE TABLE r (a int); ALTER TABLE r RENAME TO o; CREATE TYPE r AS ENUM (); CREATE INDEX i ON o (a);",
                "CREATE TYPE i AS ENUM (''); DROP TYPE r; CREATE TYPE r; CREATE TABLE r (a int);",
            ],
            id="types and relations of one name",
        ),
        pytest.param(
            [
                "CREATE TYPE e AS ENUM ('a', 'b c', ''); ALTER TYPE e RENAME VALUE 'a' TO 'd'; CREATE DOMAIN d AS e;",
                "CREATE TABLE t (a e DEFAULT 'd', b e DEFAULT 'b c'::e, c e[] DEFAULT '{d}', d d DEFAULT '');",
                "SELECT '{d}'::e[], '(d,d,,d)'::t, 'd'::d; ALTER TYPE e ADD VALUE 'n';",
                "ALTER TABLE t ADD g e DEFAULT 'n';",
            ],
            id="values of an enum",
        ),
        pytest.param(
            [
                f"{PARTITIONED} ALTER TABLE p ADD PRIMARY KEY (a); CREATE UNIQUE INDEX ON p (b, a);",
                "ALTER TABLE p1 ADD UNIQUE (b); ALTER TABLE p RENAME a TO z; ALTER TABLE p ADD UNIQUE (z);",
                "CREATE TABLE x (a int, b int) PARTITION BY RANGE ((a + 1)); CREATE INDEX ON x (b);",
            ],
            id="keys of a partitioned table",
        ),
    ],
)
def test_no_alarm_where_it_runs(make_history: MakeHistory, connection: psycopg.Connection, scripts: list[str]) -> None:
    history = make_history(*((script, None) for script in scripts))
    assert errors(history) == []
    assert runs(history, connection)


@pytest.mark.parametrize(
    ("scripts", "message"),
    [
        (
            [f"{HEIR} CREATE VIEW v AS SELECT b FROM kid;", "ALTER TABLE base DROP COLUMN b;"],
            "dropped-while-used: column base.b is dropped here, and view v (001_m.sql:1) needs it",
        ),
        (
            [STARS, "ALTER TABLE t DROP COLUMN b;"],
            "dropped-while-used: column t.b is dropped here, and view v (001_m.sql:1) needs it",
        ),
        (
            [STARS, "ALTER TABLE t ALTER COLUMN b TYPE text;"],
            "dropped-while-used: column t.b is given another type here, and view v (001_m.sql:1) needs it",
        ),
        (
            [f"{HEIR} CREATE MATERIALIZED VIEW m AS SELECT kid.* FROM kid;", "ALTER TABLE base DROP COLUMN b;"],
            "dropped-while-used: column base.b is dropped here, and materialized view m (001_m.sql:1) needs it",
        ),
        (
            [f"{STARS} CREATE VIEW u AS SELECT 1 WHERE EXISTS (SELECT * FROM o);", "ALTER TABLE o DROP COLUMN d;"],
            "dropped-while-used: column o.d is dropped here, and view u (001_m.sql:1) needs it",
        ),
        (
            [f"{STARS} CREATE VIEW u AS SELECT s.*, 1 AS n FROM (SELECT * FROM w) s;", "SELECT y FROM u;"],
            "never-created: column u.y is needed here, which no migration creates",
        ),
        (
            [f"{STARS} CREATE TABLE n AS SELECT * FROM o;", "CREATE INDEX ON n (b);"],
            "never-created: column n.b is needed here, which no migration creates",
        ),
        *(
            (
                [
                    "CREATE TABLE r (id int PRIMARY KEY, n int);",
                    f"CREATE TABLE t (a int, b int, FOREIGN KEY {columns});",
                ],
                "foreign-key: foreign key to more or fewer columns of table r than it has itself",
            )
            for columns in ("(a, b) REFERENCES r (id)", "(a, b) REFERENCES r", "(a) REFERENCES r (id, n)")
        ),
    ],
)
def test_alarm_where_it_fails(
    make_history: MakeHistory, connection: psycopg.Connection, scripts: list[str], message: str
) -> None:
    history = make_history(*((script, None) for script in scripts))
    assert errors(history) == [message]
    assert not runs(history, connection)


@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param(
            [
                "CREATE TABLE t (a int, b int); CREATE INDEX ON t (a, b);",
                (
                    "CREATE TABLE new_t (LIKE t INCLUDING ALL); DROP TABLE t; ALTER TABLE new_t RENAME TO t;"
                    "ALTER INDEX new_t_a_b_idx RENAME TO t_ab;"
                ),
            ],
            id="an index that was copied, of a table that was renamed",
        ),
        pytest.param(
            [
                (
                    "CREATE TABLE t (a int); DO $$ BEGIN ALTER TABLE t ADD COLUMN IF NOT EXISTS a int UNIQUE DEFAULT 1;"
                    "CREATE TABLE IF NOT EXISTS u (id int PRIMARY KEY); CREATE SEQUENCE IF NOT EXISTS s;"
                    "CREATE INDEX IF NOT EXISTS i ON t (a); ALTER INDEX i RENAME TO j; END $$;"
                ),
                "CREATE TABLE IF NOT EXISTS v (id int REFERENCES u); SELECT nextval('s');",
            ],
            id="what is made in a block behind a column that is there",
        ),
    ],
)
def test_what_runs_is_not_complained_of(
    make_history: MakeHistory, connection: psycopg.Connection, scripts: list[str]
) -> None:
    history = make_history(*((script, None) for script in scripts))
    assert errors(history) == []
    assert runs(history, connection)


TRIGRAMS = "CREATE TABLE t (a text); CREATE INDEX i ON t USING gin (a gin_trgm_ops);"


@pytest.mark.parametrize(
    ("scripts", "said"),
    [
        (["CREATE EXTENSION pg_trgm;", TRIGRAMS], ""),
        (["CREATE SCHEMA e; CREATE EXTENSION pg_trgm SCHEMA e; SET search_path = public, e; " + TRIGRAMS], ""),
        (["CREATE EXTENSION pg_trgm;", TRIGRAMS, "DROP EXTENSION pg_trgm CASCADE; CREATE INDEX i ON t (a);"], ""),
        (["CREATE TABLE t (a text); CREATE INDEX i ON t USING btree (a text_pattern_ops);"], ""),
        ([TRIGRAMS], "never-created: operator class gin_trgm_ops is needed here"),
        (
            ["CREATE TABLE t (a text, EXCLUDE USING gist (a gist_trgm_ops WITH =));", "CREATE EXTENSION pg_trgm;"],
            "not-yet-created: operator class gist_trgm_ops is needed here",
        ),
        (
            ["CREATE EXTENSION pg_trgm;", TRIGRAMS, "DROP EXTENSION pg_trgm;"],
            "dropped-while-used: extension pg_trgm is dropped here, and index i",
        ),
    ],
)
def test_operator_classes_of_extensions(
    make_history: MakeHistory, connection: psycopg.Connection, scripts: list[str], said: str
) -> None:
    available = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_trgm'").fetchone()
    history = make_history(*((script, None) for script in scripts))
    found = errors(history)
    assert len(found) == bool(said)
    assert all(one.startswith(said) for one in found)
    if available:
        assert runs(history, connection) is not bool(said)
