"""What validate says of a history, and what a server does."""

from __future__ import annotations

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.migration import History
from pytest_migrations.runner import Runner
from pytest_migrations.validate import Severity, validate


def errors(history: History) -> list[str]:
    found = validate(history).findings
    return [f"{finding.rule}: {finding.message}" for finding in found if finding.severity is Severity.ERROR]


def runs(history: History, connection: psycopg.Connection) -> bool:
    runner = Runner(connection)
    try:
        for migration in history:
            runner.apply(migration)
    except UserError:
        return False
    return True
