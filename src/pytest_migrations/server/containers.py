"""Finds and removes the containers of a run, by their label."""

from __future__ import annotations

import os
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

LABEL = "pytest-migrations.run"
#: The file in a run's folder that says that it has, or is about to have, containers.
ANNOUNCEMENT = "containers"
#: A request of a client that was killed may still be carried out: seconds in which we look again.
_LATE_SECONDS = 1.5


def announce(folder: Path) -> None:
    """Note in the run's folder that it will have a container, before it has one."""
    (folder / ANNOUNCEMENT).touch(mode=0o600)


def end(folder: Path, *, owner_lives: bool) -> bool:
    """Remove all containers of the run; False if the engine did not answer, so that some may be left."""
    try:
        with closing(_client()) as client:
            deadline = time.monotonic() + (0 if owner_lives else _LATE_SECONDS)
            while True:
                for container in client.containers.list(all=True, filters={"label": f"{LABEL}={folder.name}"}):
                    _remove(container)
                if time.monotonic() > deadline:
                    return True
                time.sleep(0.1)
    except Exception:  # noqa: BLE001 (whatever docker, requests or testcontainers raise: it could not be asked)
        return False


def remove(identity: str) -> None:
    """Remove one container with its volumes."""
    from docker.errors import NotFound  # noqa: PLC0415 (0.2 s, only for those who use it)

    with closing(_client()) as client, suppress(NotFound):
        _remove(client.containers.get(identity))


def engine_answers() -> bool:
    try:
        with closing(_client()) as client:
            client.ping()
    except Exception:  # noqa: BLE001 (as above)
        return False
    return True


def engine_address() -> str:
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def _remove(container: Any) -> None:
    from docker.errors import APIError  # noqa: PLC0415 (as above)

    with suppress(APIError):  # gone, or somebody else is at it
        container.remove(force=True, v=True)


def _client() -> Any:
    """The engine that testcontainers would use: it also knows DOCKER_HOST, contexts and its own properties file."""
    from testcontainers.core.docker_client import DockerClient  # noqa: PLC0415 (0.3 s)

    return DockerClient().client
