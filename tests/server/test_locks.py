from __future__ import annotations

import multiprocessing
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.server import locks
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path


def test_a_held_lock_cannot_be_taken_again(tmp_path: Path) -> None:
    with locks.take(tmp_path / "lock"):
        assert locks.try_take(tmp_path / "lock") is None
    second = locks.try_take(tmp_path / "lock")
    assert second is not None
    second.release()
    second.release()


def test_a_missing_file_is_only_made_when_wanted(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        locks.take(tmp_path / "lock", create=False)


def test_whoever_waited_for_a_deleted_file_is_told(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from pytest_migrations.server import locks; print(flush=True)\n"
    program += "locks.take(Path(sys.argv[1]), create=False)"
    with locks.take(tmp_path / "lock"):
        waiting = subprocess.Popen(
            [sys.executable, "-c", program, tmp_path / "lock"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert waiting.stdout
        waiting.stdout.readline()
        (tmp_path / "lock").unlink()
    assert "FileNotFoundError" in waiting.communicate()[1]


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = locks.take(tmp_path / "lock")
    context = multiprocessing.get_context("fork")
    leave = context.Event()
    child = context.Process(target=leave.wait)
    child.start()
    lock.release()
    try:
        assert until(lambda: locks.try_take(tmp_path / "lock"), 5)
    finally:
        leave.set()
        child.join()
