"""Timelines on the tests' server, as on one that a run was given."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.timeline.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_migrations.migration import History
    from pytest_migrations.server.server import Database, Server


class OneServer:
    """The tests' server, as a run would be given one."""

    can_start_more = False
    lacking: Mapping[str, str] = {}

    def __init__(self, server: Server) -> None:
        self._server = server

    def shared(self) -> Server:
        return self._server

    def own(self) -> None:
        return None

    def prepare(self, server: Server, database: Database, history: History) -> None:
        pass

    @contextmanager
    def alone(self) -> Iterator[Server]:
        yield self._server


@pytest.fixture
def timeline(server: Server) -> Iterator[Callable[..., Timeline]]:
    made: list[Timeline] = []

    def make(history: History, **options: Any) -> Timeline:
        made.append(Timeline(history, OneServer(server), **options))
        return made[-1]

    yield make
    for each in made:
        each.close()
