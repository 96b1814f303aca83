"""How it is told what became of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.rows.losses.loss import Loss

_MOST = 10


def told_losses(losses: Sequence[Loss]) -> str:
    """A line for each table and change, with examples; of more than a few, how many."""
    lines = []
    for loss in losses[:_MOST]:
        lines.append(f"  {loss}")
        lines += [f"    {example}" for example in loss.examples]
        lines += [f"    ... and {loss.count - len(loss.examples)} more"] if loss.count > len(loss.examples) else []
    if len(losses) > _MOST:
        lines.append(f"  ... and {len(losses) - _MOST} more of the like")
    return "\n".join(lines)


def findings_of_losses(losses: Sequence[Loss]) -> tuple[str, ...]:
    """The same without the rows themselves."""
    columns = (f" ({', '.join(loss.columns)})" if loss.columns else "" for loss in losses)
    return tuple(f"{loss.change}: rows of {loss.table}{where}" for loss, where in zip(losses, columns, strict=True))
