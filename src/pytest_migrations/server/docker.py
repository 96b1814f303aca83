"""Starts a PostgreSQL in a container, by testcontainers."""

from __future__ import annotations

import secrets
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.server import connections, containers, settling
from pytest_migrations.server.findings import Finding, Unusable
from pytest_migrations.server.settings import STARTED_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_migrations.server.choice import ServerOptions
    from pytest_migrations.server.requirements import Requirements
    from pytest_migrations.server.run_folder import RunFolder
    from pytest_migrations.server.started import Started

_IMAGE = "postgres:18"
#: Images that are PostgreSQL's own with one extension more.
_IMAGES_WITH = {"vector": "pgvector/pgvector:pg18"}
_SUPERUSER = "pytest_migrations"
_PORT = 5432
_START_SECONDS = 60.0
_POLL_SECONDS = 0.02


def start(run: RunFolder, image: str | None, options: ServerOptions, requirements: Requirements) -> Started:
    """Start a container of ``image``, by default one of PostgreSQL 18.

    Raises Unusable where no engine answers, the image cannot be had or lacks what is required, and UserError where
    the server does not start, with the end of its log.
    """
    image = image or next((_IMAGES_WITH[name] for name in requirements.names if name in _IMAGES_WITH), _IMAGE)
    what = f"docker:{image}"
    password = secrets.token_hex(16)
    container = _run(run, image, password, options.settings)
    identity = container.get_wrapped_container().id
    try:
        admin = {
            "host": container.get_container_host_ip(),
            "port": str(container.get_exposed_port(_PORT)),
            "user": _SUPERUSER,
            "password": password,
            "dbname": "postgres",
            "sslmode": "disable",
            "gssencmode": "disable",
        }
        with _connect(container, what, admin) as connection:
            return settling.settle(
                connection,
                admin,
                options,
                requirements,
                kind="docker",
                what=f"in {what}",
                password=secrets.token_hex(16),
                container=identity,
            )
    except BaseException:
        containers.remove(identity)
        raise
    finally:
        container.get_docker_client().client.close()


def _run(run: RunFolder, image: str, password: str, settings: Mapping[str, str]) -> Any:
    """A running container of testcontainers, labelled with the run before it exists."""
    from docker.errors import DockerException  # noqa: PLC0415 (0.2 s, only for those who use it)

    if not containers.engine_answers():
        raise Unusable(Finding("docker", f"no engine answers at {containers.engine_address()}"))
    containers.announce(run.path)
    command = ["postgres"]
    for name, value in {**STARTED_SETTINGS, **settings}.items():
        command += ["-c", f"{name}={value}"]
    try:
        with _without_reaper():
            container = (
                _container_class()(image, username=_SUPERUSER, password=password, dbname="postgres", driver=None)
                .with_command(command)
                .with_kwargs(labels={containers.LABEL: run.id})
            )
            return container.start()
    except DockerException as error:
        reason = str(getattr(error, "explanation", None) or error).splitlines()[0]
        raise Unusable(Finding(f"docker:{image}", f"cannot be started: {reason}")) from error


def _container_class() -> Any:
    try:
        from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415 (0.3 s)
    except ImportError:  # testcontainers before 4.15
        from testcontainers.postgres import PostgresContainer  # noqa: PLC0415

    class Container(PostgresContainer):
        def _connect(self) -> None:
            """Leave waiting to us: testcontainers looks once a second."""

    return Container


@contextmanager
def _without_reaper() -> Iterator[None]:
    """Keep testcontainers from starting Ryuk for ours, which ends with the process that asked first, not the run."""
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415 (0.3 s)

    before = testcontainers_config.ryuk_disabled
    testcontainers_config.ryuk_disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        testcontainers_config.ryuk_disabled = before


def _connect(container: Any, what: str, admin: Mapping[str, str]) -> psycopg.Connection[Any]:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return connections.connect(admin, external=False, connect_timeout=5)
        except psycopg.OperationalError as error:
            wrapped = container.get_wrapped_container()
            wrapped.reload()
            if wrapped.status == "exited" or time.monotonic() > deadline:
                log = "\n".join(wrapped.logs(tail=10).decode(errors="replace").splitlines())
                raise UserError(f"the server in {what} did not start. The end of its log:\n{log}") from error
        time.sleep(_POLL_SECONDS)
