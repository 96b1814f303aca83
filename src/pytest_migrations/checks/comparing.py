"""The verdict on two snapshots that should be equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.catalog.difference import describe
from pytest_migrations.checks.blaming import told_culprits
from pytest_migrations.checks.verdict import Rules, Verdict

if TYPE_CHECKING:
    from pytest_migrations.catalog.difference import Comparison, Difference
    from pytest_migrations.runner import Ran
    from pytest_migrations.timeline.proof import Proof


def judge_comparison(title: str, comparison: Comparison, ran: Ran, proof: Proof, rules: Rules) -> Verdict:
    """Judge what differs; the order of columns counts only where the rules say so."""
    several = findings_of(comparison, rules)
    if not several:
        return Verdict.passed(ran, comparison)
    parts = [f"{title} in {len(several)} place{'s' if len(several) > 1 else ''}:", *told(comparison, rules)]
    differing = {difference.key for difference in comparison.differences}
    culprits = [culprit for culprit in proof.culprits if culprit.differing & differing]
    parts += told_culprits(culprits)
    parts += [proof.unconfirmed] if proof.unconfirmed else []
    place = culprits[0].place if culprits else None
    return Verdict.failed("\n\n".join(parts), ran, comparison, place=place, several=several)


def told(comparison: Comparison, rules: Rules) -> list[str]:
    """What differs, as paragraphs."""
    orders = comparison.column_order if rules.strict_column_order else ()
    return [
        *([describe(comparison)] if comparison.differences else []),
        *(
            f"column order  {order.table}\n  was: {', '.join(order.expected)}\n  is:  {', '.join(order.actual)}"
            for order in orders
        ),
    ]


def findings_of(comparison: Comparison, rules: Rules) -> tuple[str, ...]:
    """What differs, without what may be another text next time; empty where nothing does."""
    orders = comparison.column_order if rules.strict_column_order else ()
    return (*map(_finding, comparison.differences), *(f"column order: table {order.table}" for order in orders))


def _finding(difference: Difference) -> str:
    facts = f" ({', '.join(change.field for change in difference.changes)})" if difference.changes else ""
    return f"{difference.change}: {difference.kind} {difference.name}{facts}"
