"""From the draft to the award."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func

from grants.models import Application, ApplicationStatus, Budget, BudgetLine, GrantStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from grants.models import Grant, User


class RefusedError(Exception):
    """What was asked for is against the rules of the grant."""


def draft(session: Session, user: User, grant: Grant, *, title: str, amount: Decimal) -> Application:
    application = Application(grant=grant, organization=user.organization, title=title, requested_amount=amount)
    session.add(application)
    session.flush()
    return application


def submit(session: Session, application: Application, user: User) -> None:
    grant = application.grant
    if grant.status is not GrantStatus.OPEN:
        raise RefusedError(f"{grant.title} is {grant.status.value}")
    if grant.amount_max is not None and application.requested_amount > grant.amount_max:
        raise RefusedError(f"{grant.title} gives at most {grant.amount_max}")
    application.status = ApplicationStatus.SUBMITTED
    application.submitted_by = user.id
    application.submitted_at = func.now()
    session.flush()


def award(session: Session, application: Application, *, year: int, plan: Mapping[str, Decimal]) -> Budget:
    """Approve an application, with a budget of what was asked for; the database refuses a plan beyond it."""
    if application.status not in (ApplicationStatus.SUBMITTED, ApplicationStatus.UNDER_REVIEW):
        raise RefusedError(f"{application.reference} is {application.status.value}")
    application.status = ApplicationStatus.APPROVED
    budget = Budget(application_id=application.id, fiscal_year=year, total=application.total_amount)
    budget.lines = [BudgetLine(category=category, planned=amount) for category, amount in plan.items()]
    session.add(budget)
    session.flush()
    return budget
