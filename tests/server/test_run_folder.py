from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_migrations.server import ending, locks
from pytest_migrations.server.run_folder import RunFolder

from .conftest import processes_of

if TYPE_CHECKING:
    import pytest


def test_close_leaves_nothing_and_can_be_called_again() -> None:
    run = RunFolder.reserve()
    assert run.path.is_dir()
    assert run.path.name == run.id
    run.close()
    run.close()
    assert not run.path.exists()
    assert not processes_of(run.path)


def test_only_the_owner_ends_the_run(run: RunFolder) -> None:
    worker = RunFolder.join(run.path)
    done: list[str] = []
    worker.before_end(lambda: done.append("first"))
    worker.before_end(lambda: done.append("second"))
    worker.close()
    assert done == ["second", "first"]
    assert run.path.exists()


def test_a_forked_child_ends_nothing(run: RunFolder) -> None:
    if (child := os.fork()) == 0:
        run.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert run.path.exists()
    assert locks.try_take(run.path / ending.OWNER_LOCK) is None


def test_a_folder_that_a_sweep_took_for_dead_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    take = locks.take
    swept: list[object] = []

    def deleted_first(path: object, **more: bool) -> locks.Lock:
        if not swept:
            ending.sweep()
            swept.append(path)
        return take(path, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(locks, "take", deleted_first)
    run = RunFolder.reserve()
    monkeypatch.undo()
    assert swept
    assert run.path.exists()
    run.close()
