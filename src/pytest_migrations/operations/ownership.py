"""Whose database it is: one that another tool migrates is not ours until it was taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.foreign_ledgers import refusal, survey

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import History


def make_sure_that_it_is_ours(connection: psycopg.Connection[Any], history: History, *, has_ledger: bool) -> None:
    """Raises UserError where there is no ledger of ours, and that of another tool tells of the folder's migrations."""
    if not has_ledger and (refused := refusal(survey(connection, history))):
        raise refused
