"""A standby of a server of ours, which takes no writes of anybody's."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from psycopg.conninfo import make_conninfo

from pytest_migrations.server import datadir, installations, postmaster, reach
from pytest_migrations.server.accounts import server_account
from pytest_migrations.server.settings import STARTED_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_migrations.server.run_folder import RunFolder
    from pytest_migrations.server.server import Server


@contextmanager
def standby_of(server: Server, run: RunFolder) -> Iterator[str]:
    """The DSN of a standby, for its superuser."""
    account = server_account()
    home = run.new_folder("pg-standby")
    account.own(home)
    programs = reach.within_reach(next(installations.installed()), account, run).bin
    with server.connect_admin() as admin:
        primary = ["-h", admin.info.host, "-p", str(admin.info.port), "-U", datadir.SUPERUSER]
    copy: list[str | Path] = [
        programs / "pg_basebackup",
        *primary,
        "-D",
        home / postmaster.DATA,
        "-R",
        "--checkpoint=fast",
        "--no-sync",
    ]
    subprocess.run(copy, cwd=home, check=True, **account.popen_arguments())
    settings = {**STARTED_SETTINGS, "listen_addresses": "", "unix_socket_directories": str(home)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(home / postmaster.DATA), *options]
    process = postmaster.run(command, home, account, {"LC_ALL": "C"})
    try:
        while not postmaster.is_ready(home):
            assert process.poll() is None, postmaster.last_lines(home)
            time.sleep(0.01)
        yield make_conninfo(host=str(home), port="5432", user=datadir.SUPERUSER)
    finally:
        postmaster.end(home)
        process.wait()
