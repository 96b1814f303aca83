"""Sequences stand after a trial where they stood before it, however the scripts move them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.timeline.verdicts import PASSED, outcomes, reasons

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History

    Make = Callable[..., History]

SEQUENCE = "CREATE TABLE t (id serial PRIMARY KEY, a text); CREATE SEQUENCE s"
#: A row more each time that anything is created or dropped, numbered by a sequence.
AUDIT = """;
CREATE TABLE audit (id serial PRIMARY KEY);
CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.audit DEFAULT VALUES; END';
CREATE EVENT TRIGGER noting ON ddl_command_end WHEN TAG IN ('CREATE VIEW', 'DROP VIEW') EXECUTE FUNCTION note();
"""


def expecting(query: str, value: object) -> tuple[str, None]:
    """A later migration that relies on a number."""
    return f"DO $$ BEGIN ASSERT ({query}) = {value}, ({query})::text; END $$", None


@pytest.mark.parametrize(
    ("scripts", "query", "value"),
    [
        (("INSERT INTO t (a) VALUES ('x')", "DELETE FROM t"), "SELECT nextval('t_id_seq')", 2),
        (("ALTER SEQUENCE s RESTART WITH 100", "ALTER SEQUENCE s RESTART"), "SELECT nextval('s')", 100),
        (("SELECT setval('s', 50, false)", "SELECT setval('s', 1, false)"), "SELECT nextval('s')", 50),
        (("SELECT setval('s', 50)", "SELECT setval('s', 1, false)"), "SELECT nextval('s')", 51),
        (("TRUNCATE t RESTART IDENTITY", "SELECT nextval('t_id_seq')"), "SELECT nextval('t_id_seq')", 1),
        (("DO $$ BEGIN PERFORM nextval('s'); END $$", "SELECT nextval('s')"), "SELECT nextval('s')", 2),
        # The role that the script has become may not look at the sequence; the walk is not that role.
        (("INSERT INTO t (a) VALUES ('x'); SET ROLE pg_monitor", "DELETE FROM t"), "SELECT nextval('t_id_seq')", 2),
        # Nothing here calls a function, but the default of the domain is one.
        (("ALTER TABLE one ADD COLUMN n numbered", "ALTER TABLE one DROP COLUMN n"), "SELECT nextval('s')", 2),
        (("CREATE VIEW v AS SELECT 1 AS one", "DROP VIEW v"), "SELECT nextval('audit_id_seq')", 2),
        (
            (
                'CREATE SEQUENCE "Odd "" Name"; SELECT nextval(\'"Odd "" Name"\')',
                'SELECT nextval(\'"Odd "" Name"\'); DROP SEQUENCE "Odd "" Name"',
            ),
            'SELECT nextval(\'"Odd "" Name"\')',
            2,
        ),
    ],
)
def test_a_trial_leaves_the_position_that_the_apply_gave(
    make_history: Make, timeline: Any, scripts: tuple[str, str], query: str, value: int
) -> None:
    stage = f"{SEQUENCE}; CREATE TABLE one AS SELECT 1 AS x"
    stage += AUDIT if "audit" in query else "; CREATE DOMAIN numbered AS int DEFAULT nextval('s')"
    walked = timeline(make_history((stage, None), scripts, expecting(query, value)))
    assert (outcomes(walked, 1), reasons(walked, 1).strip()) == (PASSED, "")
    assert walked.proof(2).applied.statements == 1


def test_a_failed_rollback_leaves_it_as_well(make_history: Make, timeline: Any) -> None:
    walked = timeline(
        make_history(
            (SEQUENCE, None),
            ("SELECT nextval('s')", "SELECT setval('s', 900); SELECT 1/0"),
            ("SELECT nextval('s')", "SELECT setval('s', 800); SELECT pg_terminate_backend(pg_backend_pid())"),
            expecting("SELECT nextval('s')", 3),
        )
    )
    assert [outcomes(walked, index)[1] for index in (1, 2)] == ["failed", "failed"]
    assert walked.proof(3).applied.statements == 1
