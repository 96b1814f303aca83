"""What a migration leaves in its session is gone before the next script, in the walk and in a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.timeline.verdicts import PASSED, outcomes, reasons

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History

    Make = Callable[..., History]


@pytest.mark.parametrize(
    "left",
    [
        "SET search_path = nowhere",
        "SELECT pg_catalog.set_config('search_path', '', false)",
        "SET ROLE pg_monitor",
        "SET SESSION AUTHORIZATION pg_monitor",
        "CREATE TEMP TABLE a (x text)",
        "SELECT pg_advisory_lock(1)",
        "PREPARE p AS SELECT 1",
        "DO $$ BEGIN EXECUTE 'prepare p as select 1'; END $$",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        "LISTEN somebody",
        "SET default_transaction_read_only = on",
        "SET default_transaction_isolation = 'repeatable read'",
        "SET client_encoding = 'LATIN1'",
        "SET quote_all_identifiers = on",
        "DEALLOCATE ALL",
        "DISCARD PLANS",
        "SET CONSTRAINTS ALL IMMEDIATE",
    ],
)
def test_a_session_is_left_to_nobody(make_history: Make, timeline: Any, left: str) -> None:
    up, down = "CREATE TABLE {} (x text DEFAULT 'a\\b')", "DROP TABLE public.{}"
    walked = timeline(
        make_history(
            (f"{up.format('a')}; {left}", f"{down.format('a')}; {left.replace('TABLE a', 'TABLE b')}"),
            (up.format("b") + "; CREATE TABLE é ()", "DROP TABLE é; " + down.format("b")),
        )
    )
    for index in (0, 1):
        assert (outcomes(walked, index), reasons(walked, index).strip()) == (PASSED, "")


def test_a_trial_needs_no_clone_because_of_them(
    make_history: Make, timeline: Any, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clone would hide that the trial did not begin in a clean session."""
    monkeypatch.setattr(server, "clone", None)
    walked = timeline(make_history(("CREATE TABLE a (); SET default_transaction_read_only = on", "DROP TABLE a")))
    assert outcomes(walked, 0) == PASSED
