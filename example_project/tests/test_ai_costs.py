"""What calls to models cost, and the alert when a budget is spent."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from grants import ai_costs

if TYPE_CHECKING:
    import psycopg
    from grants.models import Organization
    from sqlalchemy.orm import Session

    from pytest_migrations.stepper import Stepper

CALL = "INSERT INTO ai_usage_metrics (model_id, feature, recorded_at) VALUES (1, 'draft', %s)"


def test_a_call_knows_its_cost(session: Session, organization: Organization) -> None:
    usage = ai_costs.record(session, organization, "gpt-4o-mini", prompt_tokens=1000, completion_tokens=10)
    assert usage.cost_usd == Decimal("0.000156")


def test_our_own_model_costs_nothing(session: Session, organization: Organization) -> None:
    assert ai_costs.record(session, organization, "bge-reranker-large", prompt_tokens=1000).cost_usd is None


def test_an_overspent_budget_raises_one_alert(session: Session, organization: Organization) -> None:
    now = datetime.now(timezone.utc)
    ai_costs.limit(session, organization, Decimal(1), tell=["ada@example.org"])
    ai_costs.record(session, organization, "mistral-large-2407", prompt_tokens=400_000, at=now)
    assert ai_costs.raise_alerts(session, now.date()) == []

    ai_costs.record(session, organization, "mistral-large-2407", prompt_tokens=400_000, at=now)
    (alert,) = ai_costs.raise_alerts(session, now.date())
    assert alert.spent_usd == Decimal("1.6")
    assert alert.rule.recipients == ["ada@example.org"]
    assert ai_costs.raise_alerts(session, now.date()) == []

    alert.resolved_at = now
    session.flush()
    assert len(ai_costs.raise_alerts(session, now.date())) == 1


@pytest.mark.parametrize(
    ("moment", "partition"),
    [("2024-10-01 00:00Z", "2024_10"), ("2025-12-31 23:59Z", "2025_12"), ("2031-01-01 00:00Z", "default")],
)
def test_calls_lie_in_the_partition_of_their_month(
    migrations_connection: psycopg.Connection, moment: str, partition: str
) -> None:
    lies_in = migrations_connection.execute(f"{CALL} RETURNING tableoid::regclass::text", [moment]).fetchone()
    assert lies_in == (f"ai_usage_metrics_{partition}",)


@pytest.mark.migrations(at="020")
def test_partitions_take_the_rows_of_their_month_with_them(migrations_stepper: Stepper) -> None:
    connection = migrations_stepper.connection
    for moment in ("2025-08-03", "2031-01-01"):
        connection.execute(CALL, [moment])
    count = "SELECT count(*) FROM ai_usage_metrics_default"
    assert connection.execute(count).fetchone() == (2,)
    migrations_stepper.apply_until("021")
    assert connection.execute(count).fetchone() == (1,)
    migrations_stepper.rollback()
    assert connection.execute(count).fetchone() == (2,)
