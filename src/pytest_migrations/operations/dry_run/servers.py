"""The server of a dry run: of the target's major version, with all the extensions that are needed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.server import choice, embedded, installations, settling
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.findings import Finding, Unusable, lacking, table
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Server

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_migrations.operations.dry_run.original import Original
    from pytest_migrations.server.installations import Installation
    from pytest_migrations.server.run_folder import RunFolder

#: Images that are PostgreSQL's own with one extension more.
_IMAGES_WITH = {"vector": "pgvector/pgvector:pg{}"}
_IMAGE = "postgres:{}"
_OPTIONS = ServerOptions()
_NO_REQUIREMENTS = Requirements()


def start(run: RunFolder, original: Original, wanted: str, needs: Collection[str], roles: Collection[str]) -> Server:
    """Start a server, or borrow the one that ``wanted`` names (as --server does), that has the extensions ``needs``.

    One that is borrowed gets the ``roles`` that it lacks, for the time of the run.

    :raises UserError: where there is none of the target's major version, with the ways to get one.
    """
    findings = []
    for tried in _tries(run, wanted, original.major, {*needs}, roles):
        found = tried if isinstance(tried, Finding) else _judge(tried, original, {*needs})
        if isinstance(found, Server):
            return found
        findings.append(found)
    looked_at = table(findings or [Finding(wanted, "there is none")])
    with_all = f", and all of {', '.join(sorted(needs))}" if needs else ""
    raise UserError(
        f"No PostgreSQL {original.major} for the dry run: it needs a server of its own, of the major version that the "
        f"target has{with_all}. Nothing was changed. Looked at:\n{looked_at}\n{_ways(original.major)}"
    )


def _tries(
    run: RunFolder, wanted: str, major: int, needs: set[str], roles: Collection[str]
) -> Iterator[Server | Finding]:
    chosen = choice.choose(ServerOptions(server=wanted))
    if isinstance(chosen, choice.External):
        from pytest_migrations.server import external  # noqa: PLC0415 (hardly ever needed)

        yield Server(run, external.borrow(run, chosen.dsn, ServerOptions(roles=(*roles,)), _NO_REQUIREMENTS))
        return
    if not isinstance(chosen, choice.Docker) and sys.platform != "win32":
        embedded_ones = chosen if isinstance(chosen, choice.Embedded) else choice.Embedded()
        folder = embedded_ones.folder
        for installation in filter(None, [installations.in_folder(folder)] if folder else installations.installed()):
            if embedded_ones.major in (None, installation.major):
                yield _embedded(run, installation, major, needs)
    if not isinstance(chosen, choice.Embedded):
        image = chosen.image if isinstance(chosen, choice.Docker) else None
        ours = next((image for name, image in _IMAGES_WITH.items() if name in needs), _IMAGE).format(major)
        yield _docker(run, image or ours)


def _embedded(run: RunFolder, installation: Installation, major: int, needs: set[str]) -> Server | Finding:
    if installation.major != major:
        return Finding(str(installation), f"not {major}")
    if missing := needs - installation.extensions:
        return lacking(str(installation), missing)
    try:
        return Server(run, embedded.start(run, installation, _OPTIONS, _NO_REQUIREMENTS))
    except Unusable as unusable:
        return unusable.finding


def _docker(run: RunFolder, image: str) -> Server | Finding:
    from pytest_migrations.server import docker  # noqa: PLC0415 (0.2 s, only for those who come to it)

    try:
        return Server(run, docker.start(run, image, _OPTIONS, _NO_REQUIREMENTS))
    except Unusable as unusable:
        return unusable.finding


def _judge(server: Server, original: Original, needs: set[str]) -> Server | Finding:
    """The server if it will do; it is ended if not."""
    what = f"PostgreSQL {server.version} ({server.kind})"
    with server.connect_admin() as admin:
        there = {row[0] for row in admin.execute("SELECT name FROM pg_catalog.pg_available_extensions")}
        is_the_targets = settling.started(admin) == original.started
    if server.version_number // 10000 != original.major:
        finding = Finding(what, f"not {original.major}")
    elif is_the_targets:
        finding = Finding(what, "the target's own server, where nothing is to be changed")
    elif missing := needs - there:
        finding = lacking(what, missing)
    else:
        return server
    server.stop()
    return finding


def _ways(major: int) -> str:
    return (
        f"Ways to get one: install it (apt install postgresql-{major}, and what its extensions come in), start Docker "
        f"(it takes {_IMAGE.format(major)}, or the one of --server=docker:IMAGE), or name a server of tests that may "
        "create databases: --server=postgresql://user@host/db"
    )
