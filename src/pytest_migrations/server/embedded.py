"""Starts a PostgreSQL from an installation on this machine, as a private server that only this run can reach."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError
from pytest_migrations.server import datadir, postmaster
from pytest_migrations.server.accounts import Account, server_account

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_migrations.server.installations import Installation
    from pytest_migrations.server.run_folder import RunFolder

#: Of servers that we start. Nothing has to survive a crash; what a migration costs and locks must still show.
SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "wal_level": "logical",  # minimal would hide the WAL of a rewrite
    "max_locks_per_transaction": "4096",
    "max_connections": "200",
}
_START_SECONDS = 60.0
_POLL_SECONDS = 0.002


def start(run: RunFolder, installation: Installation, settings: Mapping[str, str]) -> Path:
    """Start a server and return its home, whose path is the host to connect to, once it accepts connections.

    Raises UserError where it does not start, with the end of its log.
    """
    account = server_account()
    home = run.new_folder(postmaster.HOME_PREFIX)
    account.own(home)
    datadir.make(home, installation, account, _environment())
    process = postmaster.run(_command(installation, home, settings), home, account, _environment())
    run.at_close(lambda: _forget(process))
    _await(process, home, installation)
    return home


def _command(installation: Installation, home: Path, settings: Mapping[str, str]) -> list[str]:
    # The list of socket directories is split at commas outside double quotes.
    quoted = '"' + str(home).replace('"', '""') + '"'
    ours = {**SETTINGS, **settings, "listen_addresses": "", "unix_socket_directories": quoted}
    options = [part for name, value in ours.items() for part in ("-c", f"{name}={value}")]
    return [str(installation.bin / "postgres"), "-D", str(home / postmaster.DATA), *options]


def _environment() -> dict[str, str]:
    """Nothing of ours that changes what the server does or that others may see in its process."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {"LC_ALL": "C", "TZ": "UTC"} | {name: os.environ[name] for name in kept if name in os.environ}


def _await(process: subprocess.Popen[bytes], home: Path, installation: Installation) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not postmaster.is_ready(home):
        if process.poll() is not None:
            raise UserError(f"{installation} did not start. The end of its log:\n{postmaster.last_lines(home)}")
        if time.monotonic() > deadline:
            raise UserError(
                f"{installation} was not ready after {_START_SECONDS:.0f} s. The end of its log:\n"
                + postmaster.last_lines(home)
            )
        time.sleep(_POLL_SECONDS)


def _forget(process: subprocess.Popen[Any]) -> None:
    """Wait for a server that has ended; one that others still use outlives this process, which subprocess warns of."""
    try:
        process.wait(0.01)
    except subprocess.TimeoutExpired:
        process.returncode = 0
