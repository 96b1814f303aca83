"""Orders and cycles of things that have to come behind each other."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


def sorted_behind(count: int, behind: Mapping[int, Collection[int]]) -> list[int] | None:
    """The numbers below ``count``, each behind those that it stands on, else in order; None where there is a cycle."""
    waits = {number: set(behind.get(number, ())) - {number} for number in range(count)}
    followers: dict[int, list[int]] = {}
    for number, others in waits.items():
        for other in others:
            followers.setdefault(other, []).append(number)
    ready = [number for number, others in waits.items() if not others]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        number = heapq.heappop(ready)
        order.append(number)
        for follower in followers.get(number, ()):
            waits[follower].discard(number)
            if not waits[follower]:
                heapq.heappush(ready, follower)
    return order if len(order) == count else None


def pulled_forward(count: int, behind: Mapping[int, Collection[int]]) -> list[int] | None:
    """The same, where what is needed moves forward rather than what needs it back; None where there is a cycle."""
    order: list[int] = []
    done: set[int] = set()
    for start in range(count):
        stack = [(start, False)]
        while stack:
            number, is_ready = stack.pop()
            if number in done:
                continue
            if is_ready:
                done.add(number)
                order.append(number)
                continue
            stack.append((number, True))
            stack.extend((other, False) for other in sorted(behind.get(number, ()), reverse=True) if other not in done)
            if len(stack) > 2 * count * count:
                return None
    position = {number: index for index, number in enumerate(order)}
    fits = all(position[other] < position[number] for number, others in behind.items() for other in others)
    return order if fits else None


def cycle_in(behind: Mapping[int, Collection[int]]) -> tuple[int, ...]:
    """Numbers each of which stands on the next one, and the last on the first; empty where there are none."""
    finished: set[int] = set()
    for start in behind:
        path: list[int] = []
        stack = [(start, iter(sorted(behind.get(start, ()))))]
        on_path = {start}
        path.append(start)
        while stack:
            number, others = stack[-1]
            other = next(others, None)
            if other is None:
                stack.pop()
                path.pop()
                on_path.discard(number)
                finished.add(number)
            elif other in on_path:
                found = path[path.index(other) :]
                least = found.index(min(found))
                return (*found[least:], *found[:least])
            elif other not in finished:
                stack.append((other, iter(sorted(behind.get(other, ())))))
                on_path.add(other)
                path.append(other)
    return ()


def misplaced(order: Sequence[int], preferably: Collection[int] = ()) -> list[int]:
    """As few numbers as possible without which the others are in ascending order, of equals the preferred ones."""
    first = next((index for index, number in enumerate(order) if index != number), len(order))
    last = next((index for index in range(len(order) - 1, -1, -1) if order[index] != index), -1)
    part = order[first : last + 1]
    small = 1 / (len(part) + 1)
    best: list[tuple[float, int]] = []  # for each place the weight of what can stay up to it, and the place before it
    for index, number in enumerate(part):
        before = max(((best[other][0], other) for other in range(index) if part[other] < number), default=(0.0, -1))
        best.append((before[0] + (1 if number in preferably else 1 + small), before[1]))
    at = max(range(len(part)), key=lambda index: best[index][0], default=-1)
    kept = set()
    while at >= 0:
        kept.add(part[at])
        at = best[at][1]
    return [number for number in part if number not in kept]
