"""Connections that reach the server they name, whatever PGHOST, PGOPTIONS or PGSERVICE say.

The environment is the user's, whose code may run in other threads: nothing is taken out of it. Parameters come before
it instead. There are none for PGTZ, PGDATESTYLE and PGGEQO, with which our sessions begin as those of any client do.
"""

from __future__ import annotations

import getpass
import os
import time
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg

    from pytest_migrations.server.started import Parameters

Connected = TypeVar("Connected")

#: What an external server's user may leave to the environment: secrets and encryption, never which server it is.
_KEPT_FOR_EXTERNAL = (
    "PGPASSWORD",
    "PGPASSFILE",
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
#: What an absent parameter means, of those that libpq has no value for and takes no empty one.
_MEANT = {"connect_timeout": "0", "max_protocol_version": "3.0", "min_protocol_version": "3.0", "sslcertmode": "allow"}


def connect(
    parameters: Parameters,
    *,
    external: bool,
    settings: Mapping[str, str] | None = None,
    factory: Callable[..., psycopg.Connection[Any]] | None = None,
    **more: Any,
) -> psycopg.Connection[Any]:
    """Connect in autocommit mode without prepared statements; ``more`` goes to ``factory`` (psycopg.connect) as it is.

    ``settings`` are set at the session's start, so that RESET and DISCARD ALL bring them back. Raises UnreachableError.
    """
    import psycopg  # noqa: PLC0415 (loads while a server starts)

    options = startup_options(settings or {}, str(parameters.get("options", "")))
    try:
        return (factory or psycopg.connect)(**{**_given({**parameters, "options": options}, external=external), **more})
    except psycopg.OperationalError as error:
        raise _unreachable(error, parameters) from None


async def connect_async(parameters: Parameters, *, external: bool) -> psycopg.AsyncConnection[Any]:
    """Connect as ``connect`` does, for asyncio."""
    import psycopg  # noqa: PLC0415 (as above)

    try:
        return await psycopg.AsyncConnection.connect(**_given(parameters, external=external))
    except psycopg.OperationalError as error:
        raise _unreachable(error, parameters) from None


def _unreachable(error: psycopg.Error, parameters: Parameters) -> Exception:
    from pytest_migrations.server.server_error import UnreachableError  # noqa: PLC0415 (brings the driver)

    return UnreachableError.of(error, parameters)


def _given(parameters: Parameters, *, external: bool) -> dict[str, Any]:
    ours = {"autocommit": True, "prepare_threshold": None}
    named = {"client_encoding": "UTF8", "application_name": "pytest-migrations", **parameters}
    return {**ours, **_in_place_of_environment(named, external=external), **named}


def _in_place_of_environment(named: Parameters, *, external: bool) -> dict[str, str]:
    """Parameters for all that libpq would read from its variables, or find in the service that PGSERVICE names.

    A service that is a parameter itself comes before the variables anyway.
    """
    if "service" in named:
        return {}
    kept = _KEPT_FOR_EXTERNAL if external else ()
    given = {}
    for keyword, variable, meant in _options():
        value = os.environ.get(variable)
        if keyword in named or (value is None and "PGSERVICE" not in os.environ):
            continue
        if value is not None and variable.startswith(kept):
            given[keyword] = value
        elif keyword != "user":
            given[keyword] = meant
        else:
            with suppress(KeyError, OSError):  # a container's user may have no name: then libpq takes PGUSER
                given[keyword] = getpass.getuser()
    return given


@cache
def _options() -> list[tuple[str, str, str]]:
    """The parameters that libpq has a variable for, with that and with what their absence means."""
    from psycopg import pq  # noqa: PLC0415 (as above)

    return [
        (keyword, option.envvar.decode(), (option.compiled or b"").decode() or _MEANT.get(keyword, ""))
        for option in pq.Conninfo.get_defaults()
        if option.envvar and (keyword := option.keyword.decode()) != "service"
    ]


def again(connect: Callable[[], Connected], seconds: float = _RECOVERY_SECONDS) -> Connected:
    """Connect after a session was lost, with patience: PostgreSQL recovers in a moment when a process of it crashes."""
    import psycopg  # noqa: PLC0415 (as above)

    deadline = time.monotonic() + seconds
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
