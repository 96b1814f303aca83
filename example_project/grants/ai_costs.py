"""What the models cost, and who is told when it is too much."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from grants.models import AiBudget, AiModel, AiUsage, CostAlert, CostAlertRule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from grants.models import Organization


def limit(session: Session, organization: Organization, monthly: Decimal, *, tell: Sequence[str]) -> None:
    """Set what an organization may spend in a month, and who is told once it has."""
    session.merge(AiBudget(organization_id=organization.id, monthly_limit=monthly))
    session.flush()
    session.add(CostAlertRule(organization_id=organization.id, threshold_usd=monthly, recipients=[*tell]))
    session.flush()


def record(
    session: Session,
    organization: Organization,
    model: str,
    *,
    prompt_tokens: int,
    completion_tokens: int = 0,
    at: datetime | None = None,
) -> AiUsage:
    """Note one call to a model; the database knows what it costs."""
    usage = AiUsage(
        model_id=session.scalars(select(AiModel.id).where(AiModel.code == model)).one(),
        organization_id=organization.id,
        feature="draft",
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        recorded_at=at or datetime.now(timezone.utc),
    )
    session.add(usage)
    session.flush()
    return usage


def raise_alerts(session: Session, day: date) -> Sequence[CostAlert]:
    """Add up a day, and raise an alert for each limit that is reached and has no open alert."""
    session.execute(select(func.roll_up_ai_costs(day)))
    raised = func.raise_cost_alerts().table_valued("raised_at", "number", "rule_id", "spent_usd", "resolved_at")
    return session.scalars(select(CostAlert).from_statement(select(raised))).all()
