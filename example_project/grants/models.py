"""The tables that the services work with. The database makes what it can: keys, references, moments, costs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated
from uuid import UUID  # noqa: TC003 (as above)

from sqlalchemy import ARRAY, CHAR, BigInteger, Computed, FetchedValue, ForeignKey, Numeric, SmallInteger, String, Text
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql import DOMAIN, JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class GrantStatus(Enum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    AWARDED = "awarded"
    ARCHIVED = "archived"


class ApplicationStatus(Enum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    WAITLISTED = "waitlisted"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


def _enum(kind: type[Enum], name: str) -> EnumType:
    return EnumType(kind, name=name, values_callable=lambda values: [value.value for value in values])


Email = DOMAIN("email_address", Text())
Money = DOMAIN("money_amount", Numeric(14, 2))

Key = Annotated[int, mapped_column(BigInteger, primary_key=True)]
#: The database sets it.
Made = FetchedValue()


class Base(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's way)
        str: Text(),
        datetime: TIMESTAMP(timezone=True),
        Decimal: Numeric(14, 2),
        GrantStatus: _enum(GrantStatus, "grant_status"),
        ApplicationStatus: _enum(ApplicationStatus, "application_status"),
    }


class Organization(Base):
    __tablename__ = "organizations"

    id: Mapped[Key]
    name: Mapped[str]
    country: Mapped[str] = mapped_column(CHAR(2), default="US")
    settings: Mapped[dict[str, object]] = mapped_column(JSONB, default=dict)
    primary_contact_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("users.id", use_alter=True, name="organizations_primary_contact_id_fkey")
    )
    primary_contact: Mapped[User | None] = relationship(foreign_keys=primary_contact_id, post_update=True)
    people: Mapped[list[User]] = relationship(back_populates="organization", foreign_keys="User.organization_id")


class User(Base):
    __tablename__ = "users"

    id: Mapped[Key]
    email: Mapped[str] = mapped_column(Email)
    name: Mapped[str]
    first_name: Mapped[str] = mapped_column(server_default=Made)
    last_name: Mapped[str | None] = mapped_column(server_default=Made)
    organization_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("organizations.id"))
    organization: Mapped[Organization | None] = relationship(back_populates="people", foreign_keys=organization_id)


class Funder(Base):
    __tablename__ = "funders"

    id: Mapped[Key]
    name: Mapped[str]


class Grant(Base):
    __tablename__ = "grants"

    id: Mapped[Key]
    funder_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("funders.id"))
    funder: Mapped[Funder] = relationship()
    title: Mapped[str] = mapped_column(String(300))
    slug: Mapped[str] = mapped_column(String(120))
    status: Mapped[GrantStatus] = mapped_column(default=GrantStatus.DRAFT)
    amount_max: Mapped[Decimal | None]
    closes_on: Mapped[date | None]


class Application(Base):
    __tablename__ = "applications"

    id: Mapped[Key]
    reference: Mapped[str] = mapped_column(server_default=Made)
    grant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("grants.id"))
    grant: Mapped[Grant] = relationship()
    organization_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("organizations.id"))
    organization: Mapped[Organization] = relationship()
    submitted_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    title: Mapped[str]
    status: Mapped[ApplicationStatus] = mapped_column(default=ApplicationStatus.DRAFT)
    requested_amount: Mapped[Decimal] = mapped_column(default=Decimal(0))
    matched_amount: Mapped[Decimal] = mapped_column(default=Decimal(0))
    total_amount: Mapped[Decimal | None] = mapped_column(Computed("requested_amount + matched_amount"))
    submitted_at: Mapped[datetime | None]
    history: Mapped[list[StatusChange]] = relationship(order_by="StatusChange.id", viewonly=True)


class StatusChange(Base):
    """Written by a trigger."""

    __tablename__ = "application_status_history"

    id: Mapped[Key]
    application_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("applications.id"))
    old_status: Mapped[ApplicationStatus | None]
    new_status: Mapped[ApplicationStatus]


class Budget(Base):
    __tablename__ = "budgets"

    id: Mapped[Key]
    application_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("applications.id"))
    fiscal_year: Mapped[int] = mapped_column(SmallInteger)
    total: Mapped[Decimal] = mapped_column(Money)
    lines: Mapped[list[BudgetLine]] = relationship()


class BudgetLine(Base):
    __tablename__ = "budget_lines"

    id: Mapped[Key]
    budget_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("budgets.id"))
    category: Mapped[str]
    planned: Mapped[Decimal] = mapped_column(Money)


class AiModel(Base):
    __tablename__ = "ai_models"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]


class AiUsage(Base):
    """One call to a model; the table is partitioned by month."""

    __tablename__ = "ai_usage_metrics"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=Made)
    recorded_at: Mapped[datetime] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("ai_models.id"))
    organization_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("organizations.id"))
    feature: Mapped[str]
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    cost_usd: Mapped[Decimal | None] = mapped_column(Numeric(12, 6), server_default=Made)


class AiBudget(Base):
    __tablename__ = "ai_cost_budgets"

    organization_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("organizations.id"), primary_key=True)
    monthly_limit: Mapped[Decimal] = mapped_column(Numeric(12, 2))


class CostAlertRule(Base):
    __tablename__ = "cost_alert_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ai_cost_budgets.organization_id"))
    threshold_usd: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    recipients: Mapped[list[str]] = mapped_column(ARRAY(Text))


class CostAlert(Base):
    __tablename__ = "cost_alerts"

    raised_at: Mapped[datetime] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("cost_alert_rules.id"))
    rule: Mapped[CostAlertRule] = relationship()
    spent_usd: Mapped[Decimal] = mapped_column(Numeric(14, 6))
    resolved_at: Mapped[datetime | None]
