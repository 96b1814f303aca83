"""How far those go who begin somewhere on the straight way, without any server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_migrations.timeline.random_walk import straight_way
from pytest_migrations.timeline.random_walk.straight_way import StraightWay
from pytest_migrations.timeline.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.timeline.timeline import Servers


class Counting:
    """A server, and all that is on it: databases are numbers."""

    def __init__(self) -> None:
        self.databases: set[int] = set()
        self.applied = 0
        self._made = 0

    def shared(self) -> Counting:
        return self

    def prepare(self, *_: object) -> None:
        pass

    def create_database(self) -> int:
        self._made += 1
        self.databases.add(self._made)
        return self._made

    def clone(self, database: int) -> int:
        assert database in self.databases
        return self.create_database()

    def drop(self, database: int) -> None:
        self.databases.remove(database)

    def connect(self, database: int) -> Counting:
        assert database in self.databases
        return self

    def close(self) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Counting:
    server = Counting()

    def replay(_: object, database: int, migrations: Iterable[Migration], **__: Any) -> Counting:
        server.applied += len([*migrations])
        return server.connect(database)

    monkeypatch.setattr(straight_way, "replay", replay)
    return server


@pytest.fixture
def begun(server: Counting, make_history: Callable[..., History]) -> Callable[[Sequence[int]], int]:
    """How many migrations are applied for those who begin at these versions, one after another, and end."""
    history = make_history(*[("SELECT 1", None)] * 200)

    def begun(versions: Sequence[int]) -> int:
        way = StraightWay(history, cast("Servers", server), Terms(), isolated=False)
        for version in versions:
            site, _ = way.at(version)
            way.end(site)
            assert len(server.databases) <= straight_way._MOST_KEPT
        way.close()
        assert not server.databases
        return server.applied

    return begun


def test_all_begin_near_a_database_that_is_kept(begun: Callable[[Sequence[int]], int]) -> None:
    assert begun(range(201)) <= 2 * 200


def test_nobody_begins_far_from_one_once_all_was_seen(begun: Callable[[Sequence[int]], int]) -> None:
    assert begun([*range(201), *range(201), *range(200, 0, -1)]) <= 10 * 600
