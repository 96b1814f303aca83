"""The verdict on two snapshots that should be equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.catalog.difference import describe
from pytest_migrations.checks.verdict import Rules, Verdict

if TYPE_CHECKING:
    from pytest_migrations.catalog.difference import Comparison, Difference
    from pytest_migrations.runner import Ran
    from pytest_migrations.timeline.proof import Proof

#: Excerpts of statements; of what more there are, a count.
_MOST_CULPRITS = 5


def judge_comparison(title: str, comparison: Comparison, ran: Ran, proof: Proof, rules: Rules) -> Verdict:
    """Judge what differs; the order of columns counts only where the rules say so."""
    orders = comparison.column_order if rules.strict_column_order else ()
    places = len(comparison.differences) + len(orders)
    if not places:
        return Verdict.passed(ran, comparison)
    parts = [f"{title} in {places} place{'s' if places > 1 else ''}:"]
    parts += [describe(comparison)] if comparison.differences else []
    parts += [
        f"column order  {order.table}\n  was: {', '.join(order.expected)}\n  is:  {', '.join(order.actual)}"
        for order in orders
    ]
    differing = {difference.key for difference in comparison.differences}
    culprits = [culprit for culprit in proof.culprits if culprit.differing & differing]
    parts += [
        f"{culprit.place}, {culprit.script}:\n\n{culprit.place.excerpt(culprit.remark)}"
        for culprit in culprits[:_MOST_CULPRITS]
    ]
    if len(culprits) > _MOST_CULPRITS:
        parts.append(f"... and {len(culprits) - _MOST_CULPRITS} more statements")
    parts += [proof.unconfirmed] if proof.unconfirmed else []
    several = (*map(_finding, comparison.differences), *(f"column order: table {order.table}" for order in orders))
    place = culprits[0].place if culprits else None
    return Verdict.failed("\n\n".join(parts), ran, comparison, place=place, several=several)


def _finding(difference: Difference) -> str:
    facts = f" ({', '.join(change.field for change in difference.changes)})" if difference.changes else ""
    return f"{difference.change}: {difference.kind} {difference.name}{facts}"
