"""Starts a PostgreSQL from an installation on this machine, as a private server that only this run can reach."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError
from pytest_migrations.server import connections, datadir, ending, postmaster, reach
from pytest_migrations.server.accounts import server_account
from pytest_migrations.server.settings import STARTED_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_migrations.server.choice import ServerOptions
    from pytest_migrations.server.installations import Installation
    from pytest_migrations.server.requirements import Requirements
    from pytest_migrations.server.run_folder import RunFolder
    from pytest_migrations.server.started import Started

#: No port, and no segments in /dev/shm that would stay there if the server were killed: they are files of its data.
_PRIVATE = {"listen_addresses": "", "dynamic_shared_memory_type": "mmap"}
_START_SECONDS = 60.0
_POLL_SECONDS = 0.002


def start(run: RunFolder, installation: Installation, options: ServerOptions, requirements: Requirements) -> Started:
    """Start a server in a folder of the run.

    Raises Unusable where the installation does not work or lacks what is required, and UserError where the server
    does not start, with the end of its log.
    """
    home = run.new_folder(postmaster.HOME_PREFIX)
    try:
        process = _spawn(run, home, installation, options.settings)
        from pytest_migrations.server import settling  # noqa: PLC0415 (the driver loads while the server starts)

        _await(process, home, installation)
        admin = {"host": str(home), "port": "5432", "user": datadir.SUPERUSER, "dbname": "postgres"}
        with connections.connect(admin, external=False) as connection:
            where = str(installation).partition(" ")[2].partition(" ")[2]
            return settling.settle(
                connection, admin, options, requirements, kind="embedded", what=where, home=str(home)
            )
    except BaseException:
        ending.end_embedded(home)
        raise


def _spawn(
    run: RunFolder, home: Path, installation: Installation, settings: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    account = server_account()
    account.own(home)
    reachable = reach.within_reach(installation, account, run)
    environment = _environment()
    datadir.make(home, reachable, account, environment)
    process = postmaster.run(_command(reachable, home, settings), home, account, environment)
    run.after_end(lambda: _forget(process))
    return process


def _command(installation: Installation, home: Path, settings: Mapping[str, str]) -> list[str]:
    quoted = '"' + str(home).replace('"', '""') + '"'  # it is a list
    ours = {**STARTED_SETTINGS, **settings, **_PRIVATE, "unix_socket_directories": quoted}
    options = [part for name, value in ours.items() for part in ("-c", f"{name}={value}")]
    return [str(installation.bin / "postgres"), "-D", str(home / postmaster.DATA), *options]


def _environment() -> dict[str, str]:
    """Nothing of ours that changes what the server does or that others may see in its process."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {"LC_ALL": "C", "TZ": "UTC"} | {name: os.environ[name] for name in kept if name in os.environ}


def _await(process: subprocess.Popen[bytes], home: Path, installation: Installation) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not postmaster.is_ready(home):
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            what = "did not start" if ended else f"was not ready after {_START_SECONDS:.0f} s"
            raise UserError(
                f"{installation} {what}. The end of its log:\n{postmaster.last_lines(home)}\n"
                "Its settings are ours and those of the ini option migrations_server_settings."
            )
        time.sleep(_POLL_SECONDS)


def _forget(process: subprocess.Popen[Any]) -> None:
    """Wait for a server that has ended; one that others still use outlives this process, of which subprocess warns."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.01)
    if process.returncode is None:
        process.returncode = 0
