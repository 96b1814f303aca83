"""Connections that reach the server they name, whatever PGHOST, PGOPTIONS or PGSERVICE say."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import psycopg

    from pytest_migrations.server.started import Parameters

Connected = TypeVar("Connected")

#: What an external server's user may leave to the environment: secrets and encryption, never which server it is.
_KEPT_FOR_EXTERNAL = (
    "PGPASSWORD",
    "PGPASSFILE",
    "PGSERVICEFILE",
    "PGSYSCONFDIR",
    "PGSSL",
    "PGGSS",
    "PGKRB",
    "PGREQUIREAUTH",
    "PGREQUIREPEER",
    "PGCHANNELBINDING",
    "PGCONNECT_TIMEOUT",
)
#: Until the postmaster knows of a crash it lets sessions in, which it then ends.
_NOTICE_SECONDS = 0.1
_RECOVERY_SECONDS = 3.0
_environment = threading.Lock()


def connect(
    parameters: Parameters,
    *,
    external: bool,
    settings: Mapping[str, str] | None = None,
    factory: Callable[..., psycopg.Connection[Any]] | None = None,
    **more: Any,
) -> psycopg.Connection[Any]:
    """Connect in autocommit mode without prepared statements; ``more`` goes to ``factory`` (psycopg.connect) as it is.

    ``settings`` are set at the session's start, so that RESET and DISCARD ALL bring them back. Raises psycopg.Error.
    """
    import psycopg  # noqa: PLC0415 (loads while a server starts)

    given = _given(parameters)
    given["options"] = startup_options(settings or {}, str(given.get("options", "")))
    with _ignored_environment(external=external):
        return (factory or psycopg.connect)(**{**given, **more})


async def connect_async(parameters: Parameters, *, external: bool) -> psycopg.AsyncConnection[Any]:
    """Connect as ``connect`` does, for asyncio."""
    import psycopg  # noqa: PLC0415 (as above)

    with _ignored_environment(external=external):
        return await psycopg.AsyncConnection.connect(**_given(parameters))


def _given(parameters: Parameters) -> dict[str, Any]:
    ours = {"autocommit": True, "prepare_threshold": None}
    return {**ours, "client_encoding": "UTF8", "application_name": "pytest-migrations", **parameters}


def again(connect: Callable[[], Connected]) -> Connected:
    """Connect after a session was lost, with patience: PostgreSQL recovers in a moment when a process of it crashes."""
    import psycopg  # noqa: PLC0415 (as above)

    deadline = time.monotonic() + _RECOVERY_SECONDS
    while True:
        time.sleep(_NOTICE_SECONDS)
        try:
            return connect()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise


def conninfo(parameters: Parameters) -> str:
    """The parameters as one string."""
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415 (as above)

    return make_conninfo(**parameters)


def startup_options(settings: Mapping[str, str], options: str) -> str:
    """As libpq wants them: blanks and backslashes escaped."""
    escaped = (f"-c {name}={value}".replace("\\", "\\\\").replace(" ", "\\ ") for name, value in settings.items())
    return " ".join([options, *(option.replace("-c\\ ", "-c ", 1) for option in escaped)]).strip()


@contextmanager
def _ignored_environment(*, external: bool) -> Iterator[None]:
    """Hide libpq's variables: an empty parameter does not keep it from reading PGSERVICE, only their absence does."""
    kept = _KEPT_FOR_EXTERNAL if external else ()
    with _environment:
        hidden = {name: os.environ[name] for name in os.environ if name.startswith("PG") and not name.startswith(kept)}
        for name in hidden:
            del os.environ[name]
        try:
            yield
        finally:
            os.environ.update(hidden)
