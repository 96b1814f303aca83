"""What comes of migrations on tables with rows: what fails, what is lost and by which statement, what is not proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.checks import judge
from pytest_migrations.checks.verdict import Rules
from pytest_migrations.errors import UserError
from pytest_migrations.failure import MigrationError
from pytest_migrations.lent import lend_inside
from pytest_migrations.rows.recipes.numbering import first_number
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Server
from pytest_migrations.timeline.proof import WithRows
from pytest_migrations.timeline.terms import Terms
from pytest_migrations.timeline.timeline import Timeline
from tests.timeline.conftest import OneServer
from tests.timeline.verdicts import PASSED, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from pytest_migrations.checks.verdict import Verdict
    from pytest_migrations.migration import History, Migration
    from pytest_migrations.server.run_folder import RunFolder
    from pytest_migrations.timeline.proof import Proof

    Make = Callable[..., History]
    Prove = Callable[..., Proof]

#: The first row of public.loose has it.
LOOSE = first_number("public.loose", 1, rows=5, seed=0)
USERS = """
CREATE TABLE users (id int PRIMARY KEY, name text, email text, kind varchar(50), n int, amount numeric(12, 4));
CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE, state text);
CREATE TABLE loose (id int PRIMARY KEY, user_id int);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE moods (mood mood PRIMARY KEY, note text);
CREATE TABLE flags (flag bool PRIMARY KEY);
CREATE TABLE tags (id int PRIMARY KEY, tag varchar(20) NOT NULL UNIQUE);
"""
NOTHING = "SELECT 1"
JOINED = "UPDATE loose SET {} FROM users u WHERE u.id = user_id"


@pytest.fixture
def prove(make_history: Make, timeline: Callable[..., Timeline]) -> Prove:
    """Prove a migration behind one that makes tables."""

    def prove(up: str, down: str | None = NOTHING, *, first: str = USERS, **terms: Any) -> Proof:
        history = make_history((first, None), (up, down))
        return timeline(history, terms=Terms(**{"rows": 5, **terms})).proof(1)

    return prove


def tried(proof: Proof) -> WithRows:
    assert isinstance(proof.with_rows, WithRows)
    return proof.with_rows


def verdict(proof: Proof) -> Verdict:
    return judge("rows", proof, Rules())


def lost(proof: Proof) -> tuple[list[str], list[str]]:
    """What is said of rows, and the statements that are blamed, without what is behind their first line."""
    said = [str(loss) for loss in tried(proof).losses]
    blamed = [
        f"{culprit.place.source.split(chr(10))[culprit.place.line - 1][culprit.place.column - 1 :]} {culprit.remark}"
        for culprit in tried(proof).culprits
    ]
    return [" ".join(line.split()) for line in said], blamed


@pytest.mark.parametrize(
    ("up", "sqlstate", "column"),
    [
        ("ALTER TABLE users ADD COLUMN x int NOT NULL", "23502", 30),
        ("ALTER TABLE users ALTER name SET NOT NULL", "23502", 25),
        ("ALTER TABLE users ADD UNIQUE (email)", "23505", 1),
        ("CREATE UNIQUE INDEX u ON users (n)", "23505", 21),
        ("ALTER TABLE loose ADD FOREIGN KEY (user_id) REFERENCES users", "23503", 13),
        ("ALTER TABLE users ADD CHECK (n < 100)", "23514", 1),
        ("ALTER TABLE users ALTER name TYPE int USING name::int", "22P02", 1),
        ("ALTER TABLE users ALTER amount TYPE numeric(6, 4)", "22003", 1),
        ("ALTER TABLE users ALTER kind TYPE varchar(5)", "22001", 1),
        ("CREATE TYPE m AS ENUM ('sad', 'ok');\nALTER TABLE moods ALTER mood TYPE m USING mood::text::m", "22P02", 1),
        ("ALTER TABLE users ADD CHECK (n >= 0)", "23514", 1),
        ("ALTER TABLE users ADD part int GENERATED ALWAYS AS (100 / n) STORED", "22012", 1),
        ("ALTER TABLE users ADD CHECK (name <> '')", "23514", 1),
        ("CREATE UNIQUE INDEX u ON tags (lower(tag))", "23505", 21),
        ("CREATE UNIQUE INDEX u ON users (name) WHERE email IS NULL AND kind IS NOT NULL", "23505", 21),
        (
            f"{JOINED.format('user_id = u.id')};\nALTER TABLE loose ADD FOREIGN KEY (user_id) REFERENCES users",
            "23503",
            13,
        ),
        ("UPDATE users SET id = 1", "23505", 1),
        ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I ALTER name SET NOT NULL', 'us' || 'ers'); END $$", "23502", 7),
        ("CREATE UNIQUE INDEX CONCURRENTLY u ON users (email)", "23505", 34),
    ],
)
def test_what_fails_in_production_fails(prove: Prove, up: str, sqlstate: str, column: int) -> None:
    proof = prove(up, None)
    error = tried(proof).applied
    assert isinstance(error, MigrationError)
    assert (error.sqlstate, error.place.column) == (sqlstate, column)
    assert outcomes_of_others(proof) == "passed"
    said = verdict(proof)
    assert (said.outcome, said.place) == ("failed", error.place)
    assert said.reason.startswith("The migration does not apply to tables with rows in them.\n\n")
    assert error.finding in said.reason
    assert "in public." in said.reason


def test_rows_meet_without_a_foreign_key(prove: Prove) -> None:
    proof = prove(
        f"ALTER TABLE loose ADD email text;\n{JOINED.format('email = u.email')}", "ALTER TABLE loose DROP email"
    )
    assert verdict(proof).outcome == "passed"
    assert not tried(proof).idle


def outcomes_of_others(proof: Proof) -> str:
    return judge("apply", proof, Rules()).outcome


def test_findings_name_no_value_of_ours(prove: Prove) -> None:
    (finding,) = verdict(prove("ALTER TABLE users ALTER name TYPE int USING name::int", None)).findings
    assert finding.endswith("with rows in them. invalid input syntax for type integer (22P02)")


@pytest.mark.parametrize(
    ("up", "down", "said", "blamed"),
    [
        (
            "SELECT 1;\nALTER TABLE users DROP name",
            "ALTER TABLE users ADD name text;\nUPDATE users SET email = email",
            "changed 4 rows of public.users (name)",
            "ALTER TABLE users DROP name changes rows of public.users",
        ),
        (
            "DROP TABLE loose;\nSELECT 1",
            "CREATE TABLE loose (id int PRIMARY KEY, user_id int)",
            "lost 5 rows of public.loose",
            "DROP TABLE loose; loses rows of public.loose",
        ),
        (
            "DELETE FROM loose WHERE user_id = 5",
            NOTHING,
            "lost 1 row of public.loose",
            "DELETE FROM loose WHERE user_id = 5 loses rows of public.loose",
        ),
        ("TRUNCATE loose", NOTHING, "lost 5 rows of public.loose", "TRUNCATE loose loses rows of public.loose"),
        (
            "UPDATE users SET name = upper(name)",
            "UPDATE users SET name = lower(name)",
            "changed 3 rows of public.users (name)",
            "UPDATE users SET name = upper(name) changes rows of public.users",
        ),
        (
            "ALTER TABLE users ALTER amount TYPE numeric(12, 2)",
            "ALTER TABLE users ALTER amount TYPE numeric(12, 4)",
            "changed 3 rows of public.users (amount)",
            "ALTER TABLE users ALTER amount TYPE numeric(12, 2) changes rows of public.users",
        ),
        (
            "SELECT 1;\nINSERT INTO users (id) VALUES (1), (2)",
            "DELETE FROM users WHERE id = 1",
            "left behind 1 row of public.users",
            "INSERT INTO users (id) VALUES (1), (2) puts rows into public.users",
        ),
        (
            "DO $$ BEGIN\n  EXECUTE 'DELETE FROM lo' || 'ose';\nEND $$",
            NOTHING,
            "lost 5 rows of public.loose",
            "DO $$ BEGIN loses rows of public.loose",
        ),
        (
            "CREATE TABLE kept AS TABLE loose;\nDELETE FROM loose",
            "INSERT INTO loose SELECT * FROM kept WHERE user_id IS NOT NULL;\nDROP TABLE kept",
            "lost 1 row of public.loose",
            "DELETE FROM loose loses rows of public.loose",
        ),
        (
            """ALTER TABLE loose RENAME TO old; CREATE TABLE loose (LIKE old);
INSERT INTO loose SELECT * FROM old WHERE user_id IS NOT NULL;\nDROP TABLE old""",
            """CREATE TABLE old (LIKE loose); INSERT INTO old TABLE loose; DROP TABLE loose;
ALTER TABLE old RENAME TO loose""",
            "lost 1 row of public.loose",
            "DROP TABLE old loses rows of public.loose",
        ),
        (
            "UPDATE loose SET user_id = user_id + 1",
            "UPDATE loose SET user_id = user_id - 1;\nUPDATE loose SET user_id = 3 WHERE user_id IS NULL",
            "changed 1 row of public.loose (user_id)",
            "UPDATE loose SET user_id = 3 WHERE user_id IS NULL changes rows of public.loose",
        ),
    ],
)
def test_what_becomes_of_rows_and_by_which_statement(prove: Prove, up: str, down: str, said: str, blamed: str) -> None:
    proof = prove(up, down)
    assert lost(proof) == ([said], [blamed])
    found = verdict(proof)
    assert (found.outcome, found.place) == ("failed", tried(proof).culprits[0].place)
    assert found.reason.startswith("After the rollback the rows are not what they were:\n\n  ")


def test_the_rows_that_go_with_others(prove: Prove) -> None:
    proof = prove(
        "CREATE TABLE kept AS TABLE users;\nDELETE FROM users", "INSERT INTO users TABLE kept; DROP TABLE kept"
    )
    assert lost(proof) == (
        ["lost 4 rows of public.orders"],
        ["DELETE FROM users loses rows of public.orders"],
    )


def test_three_examples_are_shown(prove: Prove) -> None:
    reason = verdict(prove("ALTER TABLE users DROP name", "ALTER TABLE users ADD name text")).reason
    assert "    id '1126203': name 'Généré 1126303' -> NULL\n" in reason
    assert reason.count("-> NULL") == 3
    assert "    ... and 1 more\n" in reason
    assert "-- pytest-migrations: skip rows (why)" in reason


@pytest.mark.parametrize(
    ("up", "down"),
    [
        (
            "ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME name TO title",
            "ALTER TABLE people RENAME title TO name; ALTER TABLE people RENAME TO users",
        ),
        (
            "CREATE SCHEMA other; ALTER TABLE loose SET SCHEMA other",
            "ALTER TABLE other.loose SET SCHEMA public; DROP SCHEMA other",
        ),
        ("ALTER TABLE users ALTER n TYPE text", "ALTER TABLE users ALTER n TYPE int USING n::int"),
        ("CREATE TABLE kept AS TABLE loose; DELETE FROM loose", "INSERT INTO loose TABLE kept; DROP TABLE kept"),
        ("INSERT INTO users (id) VALUES (1)", "DELETE FROM users WHERE id = 1"),
        ("ALTER TABLE users ADD x int NOT NULL DEFAULT 1", "ALTER TABLE users DROP x"),
        ("UPDATE users SET name = name || '!'", "UPDATE users SET name = left(name, -1)"),
    ],
)
def test_what_keeps_its_rows_passes(prove: Prove, up: str, down: str) -> None:
    proof = prove(up, down)
    assert verdict(proof).outcome == "passed", verdict(proof).reason
    assert tried(proof).rows


def test_a_rollback_that_runs_on_empty_tables_alone(prove: Prove) -> None:
    first = USERS + "ALTER TABLE users ALTER name SET NOT NULL;"
    proof = prove(
        "ALTER TABLE users ALTER name DROP NOT NULL;\nUPDATE users SET name = NULL WHERE n IS NULL",
        "ALTER TABLE users ALTER name SET NOT NULL",
        first=first,
    )
    reason = verdict(proof).reason
    assert reason.startswith("With rows in the tables, the rollback does not run.\n\n")
    assert "001_m.down.sql" not in reason
    assert "002_m.down.sql:1:25: " in reason


STAMPED = """
CREATE TABLE users (id int PRIMARY KEY, name text, updated_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE audit (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), was jsonb);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO audit (was) VALUES (to_jsonb(OLD)); NEW.updated_at = clock_timestamp(); RETURN NEW;
END $$;
CREATE TRIGGER stamp BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION stamp();
"""


def test_what_triggers_note_is_no_loss(prove: Prove) -> None:
    proof = prove("UPDATE users SET name = name || '!'", "UPDATE users SET name = left(name, -1)", first=STAMPED)
    assert verdict(proof).outcome == "passed", verdict(proof).reason
    assert set(tried(proof).rows) == {"public.users", "public.audit"}


def test_a_moment_that_is_kept_as_a_number(prove: Prove) -> None:
    micros = "timestamptz NOT NULL DEFAULT now()", "bigint NOT NULL DEFAULT 0"
    clock = "clock_timestamp(); RETURN", "extract(epoch FROM clock_timestamp()) * 1000000; RETURN"
    proof = prove(
        "UPDATE users SET name = name || '!'",
        "UPDATE users SET name = left(name, -1)",
        first=STAMPED.replace(*micros).replace(*clock),
    )
    assert verdict(proof).outcome == "passed", verdict(proof).reason


def test_a_moment_is_lost_with_its_column(prove: Prove) -> None:
    proof = prove(
        "ALTER TABLE users DROP updated_at",
        "ALTER TABLE users ADD updated_at timestamptz NOT NULL DEFAULT now()",
        first=STAMPED,
    )
    assert lost(proof)[0] == ["changed 5 rows of public.users (updated_at)"]


PARTITIONED = """
CREATE TABLE events (id int, at date NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE early PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE late PARTITION OF events DEFAULT;
"""
ATTACH = "ALTER TABLE events ATTACH PARTITION early FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')"


def test_a_partition_that_comes_back(prove: Prove) -> None:
    proof = prove("ALTER TABLE events DETACH PARTITION early", ATTACH, first=PARTITIONED)
    assert verdict(proof).outcome == "passed"
    assert tried(proof).rows == {"public.events": 5, "public.early": 5}


def test_a_partition_is_lost_where_it_is_dropped(prove: Prove) -> None:
    proof = prove(
        "ALTER TABLE events DETACH PARTITION early;\nDROP TABLE early",
        "CREATE TABLE early (LIKE events);\n" + ATTACH,
        first=PARTITIONED,
    )
    said, blamed = lost(proof)
    assert blamed == ["DROP TABLE early loses rows of public.events"]
    assert len(said) == 1


def test_rows_of_a_table_are_not_those_that_inherit_from_it(prove: Prove) -> None:
    first = "CREATE TABLE base (id int); CREATE TABLE child (n int) INHERITS (base);"
    said, _ = lost(prove("DELETE FROM base", first=first))
    assert sorted(said) == ["lost 5 rows of public.base", "lost 5 rows of public.child"]


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
    ("up", "what"),
    [
        ("SELECT 1;\nDELETE FROM users WHERE false", "DELETE in line 2"),
        ("UPDATE users SET n = 1 WHERE name = md5('x') AND name IS NULL", "UPDATE in line 1"),
        ("WITH a AS (SELECT 1) INSERT INTO users SELECT id + 1 FROM users WHERE id < 0 AND id > 0", "INSERT in line 1"),
        ("\nDO $$ BEGIN\n UPDATE users SET n = 1 WHERE false;\nEND $$", "DO block in line 2"),
    ],
)
@pytest.mark.parametrize("down", [NOTHING, None])
def test_what_met_no_row_is_not_proved(prove: Prove, up: str, what: str, down: str | None) -> None:
    """With a rollback or without: how it would do on a row nobody has seen."""
    said = verdict(prove(up, down))
    assert said.outcome == "skipped"
    assert said.reason.startswith(f"not proved of 002_m.sql: no row was changed by the {what} of 002_m.sql")


def test_a_do_block_that_changes_nothing_that_was_there_is_no_matter(prove: Prove) -> None:
    assert verdict(prove("DO $$ BEGIN IF false THEN INSERT INTO users VALUES (1); END IF; END $$")).outcome == "passed"


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


def test_what_cannot_be_in_a_transaction(prove: Prove) -> None:
    assert verdict(prove("VACUUM users", None)).outcome == "passed"
    proof = prove("BEGIN; DELETE FROM loose WHERE user_id = 5; COMMIT; VACUUM loose")
    assert lost(proof)[0] == ["lost 1 row of public.loose"]
    meets = f"INSERT INTO loose SELECT generate_series({LOOSE}, {LOOSE + 4}); VACUUM loose"
    assert verdict(prove(meets, f"DELETE FROM loose WHERE id < {LOOSE + 5}")).outcome == "passed"


def test_what_fails_in_a_transaction_alone_is_no_failure(prove: Prove) -> None:
    first = (
        "CREATE TABLE a (id int PRIMARY KEY);"
        "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a DEFERRABLE INITIALLY DEFERRED)"
    )
    assert verdict(prove("ALTER TABLE b ADD x int", "ALTER TABLE b DROP x", first=first)).outcome == "passed"
    later = "ALTER TYPE mood ADD VALUE 'great'; INSERT INTO moods VALUES ('great')"
    assert verdict(prove(later, "DELETE FROM moods WHERE mood::text = 'great'")).outcome == "passed"


def test_nothing_is_asked_before_the_isolation_level_is_set(prove: Prove) -> None:
    update = "BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; UPDATE users SET n = n + 1; COMMIT"
    assert verdict(prove(update, "UPDATE users SET n = n - 1")).outcome == "passed"


REMEMBERING = """
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a = NEW.a; RETURN NEW; END';
CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
INSERT INTO t VALUES (1);
"""


def test_a_trigger_that_remembers_types_of_before(make_history: Make, timeline: Callable[..., Timeline]) -> None:
    """PL/pgSQL does so for as long as the session lasts: in a new one the table takes rows."""
    history = make_history(
        (REMEMBERING, NOTHING),
        ("DELETE FROM t; ALTER TABLE t ALTER a TYPE text", None),
        ("ALTER TABLE t ADD b int", "ALTER TABLE t DROP b"),
    )
    assert verdict(timeline(history, terms=Terms(rows=5)).proof(2)).outcome == "passed"


def test_an_update_that_changes_nothing_is_not_proved(prove: Prove) -> None:
    proof = prove("UPDATE users SET name = replace(name, 'nowhere', '')")
    assert verdict(proof).outcome == "skipped"
    assert "no row was changed by the UPDATE in line 1 of 002_m.sql" in verdict(proof).reason


def test_a_moment_that_the_script_itself_sets_is_a_change(prove: Prove) -> None:
    assert lost(prove("UPDATE users SET updated_at = now()", first=STAMPED))[0][0].startswith("changed 5 rows")


def test_without_a_rollback_nothing_brings_rows_back(prove: Prove) -> None:
    for gone in ("DELETE FROM loose", "ALTER TABLE loose DROP user_id"):
        proof = prove(gone, None)
        assert verdict(proof).outcome == "skipped"
        assert "has no rollback" in verdict(proof).reason
    assert verdict(prove("ALTER TABLE loose ADD x int; UPDATE loose SET x = id", None)).outcome == "passed"


def test_rows_that_a_trigger_takes_away_again(prove: Prove) -> None:
    emptying = """
        CREATE TABLE t (id int PRIMARY KEY, a int);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM t; RETURN NULL; END';
        CREATE TRIGGER f AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION f();
    """
    proof = prove("ALTER TABLE t DROP a", "ALTER TABLE t ADD a int", first=emptying)
    assert verdict(proof).outcome == "skipped"
    assert "5 rows were put in, and 0 can be seen" in verdict(proof).reason


def test_a_row_has_already_what_others_get(prove: Prove) -> None:
    """So that a rollback cannot tell them apart by it."""
    merged = "UPDATE orders SET state = 'closed' WHERE state = 'done'"
    assert lost(prove(merged, "UPDATE orders SET state = 'done' WHERE state = 'closed'"))[0] == [
        "changed 1 row of public.orders (state)"
    ]


def test_other_checks_never_see_the_rows(make_history: Make, timeline: Callable[..., Timeline]) -> None:
    empty = "DO $$ BEGIN IF EXISTS (SELECT FROM users) THEN RAISE 'seen'; END IF; END $$"
    history = make_history((USERS, "DROP TABLE users CASCADE"), (empty, empty))
    line = timeline(history, terms=Terms(rows=5))
    assert outcomes(line, 1) == PASSED
    assert "seen" in verdict(line.proof(1)).reason


def test_sequences_stand_where_they_stood(make_history: Make, timeline: Callable[..., Timeline]) -> None:
    counted = """
CREATE SEQUENCE counted;
CREATE TABLE t (id bigserial PRIMARY KEY, a int GENERATED ALWAYS AS IDENTITY);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM nextval(''counted''); RETURN NEW; END';
CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
"""
    unmoved = "DO $$ BEGIN IF (SELECT last_value + is_called::int FROM {}) <> 1 THEN RAISE 'moved'; END IF; END $$"
    after = [(unmoved.format(name), None) for name in ("counted", "t_id_seq", "t_a_seq")]
    history = make_history((counted, None), ("ALTER TABLE t ADD b int", "ALTER TABLE t DROP b"), *after)
    line = timeline(history, terms=Terms(rows=5))
    assert verdict(line.proof(1)).outcome == "passed"
    assert [judge("apply", line.proof(place), Rules()).outcome for place in (2, 3, 4)] == ["passed"] * 3


def test_a_rollback_that_does_not_run_at_all_is_told_once(prove: Prove) -> None:
    proof = prove("ALTER TABLE users ADD x int", "DROP TABLE nowhere")
    said = verdict(proof)
    assert (said.outcome, said.blames) == ("skipped", "002_m.sql::rollback")


def test_rows_of_the_users_own(prove: Prove) -> None:
    def put_in(connection: psycopg.Connection[Any], _: object) -> None:
        connection.execute("INSERT INTO users (id, name) VALUES (7, 'Plato')")

    proof = prove("UPDATE users SET name = upper(name) WHERE id < 100", put_rows_in=put_in)
    assert "id '7': name 'Plato' -> 'PLATO'" in verdict(proof).reason


def test_a_script_that_takes_its_time_on_rows_alone(prove: Prove) -> None:
    proof = prove("SELECT pg_sleep(5) FROM users", None, timeout=0.5)
    said = verdict(proof)
    assert "canceled: the script took longer than 0.5 s" in said.reason
    assert "--migrations-timeout=SECONDS" in said.reason


def test_without_rows_there_is_nothing_to_say(prove: Prove) -> None:
    assert prove("UPDATE users SET n = 1", rows=0).with_rows is None


def test_one_row(prove: Prove) -> None:
    assert lost(prove("DELETE FROM loose WHERE user_id = 5", rows=1))[0] == ["lost 1 row of public.loose"]


ON_ROWS = "DO $$ BEGIN IF EXISTS (SELECT FROM users) THEN {}; END IF; END $$"


def test_a_session_that_ends_on_rows_alone(make_history: Make, timeline: Callable[..., Timeline]) -> None:
    ends = ON_ROWS.format("PERFORM pg_terminate_backend(pg_backend_pid())")
    line = timeline(make_history((USERS, None), (ends, NOTHING), (NOTHING, NOTHING)), terms=Terms(rows=5))
    assert "terminating connection" in verdict(line.proof(1)).reason
    assert outcomes(line, 1) == PASSED
    assert outcomes(line, 2) == PASSED


def test_a_hook_that_ends_the_transaction(prove: Prove) -> None:
    def put_in(connection: psycopg.Connection[Any], _: Migration) -> None:
        connection.execute("INSERT INTO users (id) VALUES (7)")
        with lend_inside(connection, "the hook") as lent:
            lent.execute("COMMIT")

    proof = prove("UPDATE users SET n = 1", None, put_rows_in=put_in)
    assert "SQL of the hook has ended the transaction" in verdict(proof).reason
    assert judge("apply", proof, Rules()).outcome == "passed"


def test_what_a_hook_raises_moves_no_sequence(make_history: Make, timeline: Callable[..., Timeline]) -> None:
    def put_in(connection: psycopg.Connection[Any], _: Migration) -> None:
        connection.execute("SELECT nextval('s')")
        raise UserError("no")

    unmoved = "DO $$ BEGIN IF (SELECT is_called FROM s) THEN RAISE 'moved'; END IF; END $$"
    history = make_history(("CREATE SEQUENCE s", None), ("CREATE TABLE t ()", None), (unmoved, None))
    line = timeline(history, terms=Terms(rows=5, put_rows_in=put_in))
    assert verdict(line.proof(1)).reason == "no"
    assert judge("apply", line.proof(2), Rules()).outcome == "passed"


def test_a_server_that_crashes_on_rows_alone(make_history: Make, run_folder: RunFolder) -> None:
    """It has forgotten what was committed last: the other checks begin anew."""
    server = Server.start_own(run_folder, ServerOptions(server="embedded"), Requirements())
    assert server
    crash = ON_ROWS.format("EXECUTE $x$COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID'$x$; PERFORM pg_sleep(5)")
    history = make_history((USERS, None), (NOTHING, crash), ("CREATE TABLE t ()", "DROP TABLE t"))
    line = Timeline(history, OneServer(server), terms=Terms(rows=5))
    assert outcomes(line, 1) == PASSED
    assert "the rollback does not run" in verdict(line.proof(1)).reason
    assert outcomes(line, 2) == PASSED
    line.close()
    server.stop()
