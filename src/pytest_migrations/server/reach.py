"""Puts the programs of an installation within the reach of the account that is to run them.

A root user's Python environment often lies below /root, which the account of the server may not enter.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.server import cache
from pytest_migrations.server.findings import Finding, Unusable
from pytest_migrations.server.installations import in_folder

if TYPE_CHECKING:
    from pytest_migrations.server.accounts import Account
    from pytest_migrations.server.installations import Installation
    from pytest_migrations.server.run_folder import RunFolder

_ROOTS_CACHE = Path("/var/cache/pytest-migrations")


def within_reach(installation: Installation, account: Account, run: RunFolder) -> Installation:
    """The installation itself, or a copy of it that the account can run. Raises Unusable if it cannot be copied."""
    if account.can_read(installation.bin / "postgres") and account.can_read(_share(installation) / "postgres.bki"):
        return installation
    root = installation.bin.resolve().parent
    if root not in _share(installation).resolve().parents:
        raise Unusable(Finding(str(installation), f"the server's account may not read {installation.bin}"))
    copy = cache.entry(_ROOTS_CACHE, installation.identity)
    try:
        cache.publish(copy, lambda unfinished: _copy(root, unfinished))
        cache.used(copy)
    except OSError:
        copy = run.path / "programs"
        if not copy.exists():
            _copy(root, copy)
    found = in_folder(copy / root.parent.name / root.name / installation.bin.name)
    if found is None or not account.can_read(found.bin / "postgres"):
        raise Unusable(Finding(str(installation), f"the server's account may not read {installation.bin}"))
    return found


def _share(installation: Installation) -> Path:
    return installation.share or installation.bin


def _copy(root: Path, target: Path) -> None:
    """Copy the folder that holds bin/, lib/ and share/, and the libraries that a wheel keeps beside its package."""
    package = root.parent
    target.mkdir(parents=True)
    target.chmod(0o755)
    shutil.copytree(root, target / package.name / root.name, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", target], check=False, capture_output=True)  # noqa: S607
