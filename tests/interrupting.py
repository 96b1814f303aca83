"""Ctrl-C in the middle of a test."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from subprocess import Popen


def interrupt_once_it_waits(pytester: pytest.Pytester) -> None:
    """Run test_it.py in a process of its own, and interrupt it as soon as it has made the file ``waits``."""
    process: Popen[bytes] = pytester.popen((*pytester._getpytestargs(), "test_it.py"), stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (pytester.path / "waits").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == pytest.ExitCode.INTERRUPTED
