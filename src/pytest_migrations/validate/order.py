"""An order in which what is needed comes first, or the cycle for which there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.migration import Order
from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Move
from pytest_migrations.validate.graph import cycle_in, misplaced, pulled_forward, sorted_behind
from pytest_migrations.validate.renaming import renames
from pytest_migrations.validate.walk import Walk, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.validate.provided import Provided

#: How often an order that brings another thing to light is put right.
_ATTEMPTS = 5


@dataclass(frozen=True)
class Ordering:
    """Names in an order that works, and what to do for it; or the cycle, each with what it needs of the next."""

    order: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    cycle: tuple[tuple[str, str], ...] = ()


def suggest(history: History, found: Walk, provided: Provided) -> Ordering:
    """Look for an order where the walk has found something that comes too early."""
    if not _too_early(found):
        return Ordering()
    edges = _edges(found)
    cycle = cycle_in(edges)
    if cycle:
        return Ordering(cycle=_explained(history, found, cycle))
    ways = (sorted_behind, pulled_forward)
    orders = [order for way in ways if (order := _working(history, edges, way, provided)) is not None]
    if not orders:
        return Ordering()
    best = min(orders, key=lambda order: len(misplaced(order)))
    early = {clash.migration for clash in found.clashes if clash.later}
    moving = misplaced(best, preferably=early)
    ordered = [history.migrations[number] for number in best]
    names = ["", *(migration.name for migration in ordered), ""]
    moves = [Move(names[at], names[at - 1], names[at + 1]) for at in (best.index(number) + 1 for number in moving)]
    is_named = history.order is Order.VERSIONS
    new_names = renames(ordered, [history.migrations[number] for number in moving]) if is_named else ()
    return Ordering(tuple(names[1:-1]), tuple(moves), new_names)


def _too_early(found: Walk) -> bool:
    return any(clash.later and clash.trouble is Trouble.MISSING and not clash.in_rollback for clash in found.clashes)


def _edges(found: Walk) -> dict[int, set[int]]:
    """For each migration those that have to come before it."""
    edges = {number: set(others) for number, others in found.stands_on.items()}
    for number, others in found.comes_behind.items():
        edges.setdefault(number, set()).update(others)
    for clash in found.clashes:
        if clash.later is not None and not clash.in_rollback:
            edges.setdefault(clash.migration, set()).add(clash.later.migration)
    return edges


def _working(
    history: History,
    edges: Mapping[int, Collection[int]],
    way: Callable[[int, Mapping[int, Collection[int]]], list[int] | None],
    provided: Provided,
) -> list[int] | None:
    """An order that was walked through and met nothing that it brings about."""
    known = {number: set(others) for number, others in edges.items()}
    before = _failures(history.migrations, provided)
    for _ in range(_ATTEMPTS):
        order = way(len(history), known)
        if order is None:
            return None
        again = walk([history.migrations[number] for number in order], provided=provided, with_rollbacks=False)
        if not _too_early(again):
            return order if _count(again) < before else None
        for number, others in _edges(again).items():
            known.setdefault(order[number], set()).update(order[other] for other in others)
    return None


def _failures(migrations: Iterable[Migration], provided: Provided) -> int:
    return _count(walk(tuple(migrations), provided=provided, with_rollbacks=False))


def _count(found: Walk) -> int:
    return sum(clash.trouble is not Trouble.NEVER_RUNS for clash in found.clashes)


def _explained(history: History, found: Walk, cycle: tuple[int, ...]) -> tuple[tuple[str, str], ...]:
    """Each migration of a cycle with what it needs of the next one."""
    needs = {(clash.migration, clash.later.migration): clash.effect.object for clash in found.clashes if clash.later}
    for number, others in found.stands_on.items():
        for other, named in others.items():
            needs.setdefault((number, other), named)
    pairs = zip(cycle, (*cycle[1:], cycle[0]), strict=True)
    return tuple(
        (history.migrations[one].name, str(needs.get((one, other), "its place behind"))) for one, other in pairs
    )
