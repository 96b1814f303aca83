"""Owns a run until its standard input ends: prints the run's folder, and then a line for each thing it has."""

from __future__ import annotations

import sys

from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.server.server import Server


def main() -> None:
    run = RunFolder.reserve()
    say(str(run.path))
    options = ServerOptions(server=sys.argv[1], roles=("owner_of_tests_app",))
    server = Server.start_or_join(run, options, Requirements())
    say(f"{server.kind} {server.version}")
    database = server.create_database()
    say(database.name)
    server.clone(database)
    say("cloned")
    with server.connect(database) as connection:
        connection.execute("CREATE TABLE t ()")
        sys.stdin.read()
    run.close()
    say("closed")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


main()
