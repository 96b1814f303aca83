"""What a server did not do, said without what its connections are made with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.server.hiding import address, hide_secrets

if TYPE_CHECKING:
    from pytest_migrations.server.started import Parameters

#: libpq gives no SQLSTATE of a connection that was refused.
_ADVICE = {
    r"password|SCRAM": "The password is that of the DSN, or of PGPASSWORD, or of a file.",
    r"too many connections for (?:role|database)": (
        "Close other sessions of it, or raise its limit: ALTER ROLE, or ALTER DATABASE, ... CONNECTION LIMIT."
    ),
    r"too many (?:clients|connections)|connection slots": (
        "Close other sessions there, run fewer processes at once (pytest: -n), or raise max_connections."
    ),
    r"definition of service|service file": (
        "PGSERVICE, or the DSN, names it, and libpq looks for it before anything else: unset it, or let PGSERVICEFILE "
        "name the file that defines it."
    ),
    r"(?:role|database) .* does not exist|pg_hba|permission denied": "Correct the DSN, or what the server allows.",
}
_GENERAL = "See whether it runs, and can be reached from here."


class ServerError(UserError, psycopg.OperationalError):
    """A server failed. For us it is the driver's error, so that we can wait for one; for the user it is ours."""

    _what = "failure of the server at"

    @classmethod
    def of(cls, error: psycopg.Error, parameters: Parameters) -> ServerError:
        """What the driver says of a connection with these parameters, or of an attempt at one, and what to do."""
        if isinstance(error, ServerError):
            return error
        reason = hide_secrets(str(error).strip(), parameters)
        advice = next((advice for words, advice in _ADVICE.items() if re.search(words, reason)), _GENERAL)
        return cls(f"{cls._what} {address(parameters)}: {reason}\n{advice}")


class UnreachableError(ServerError):
    """A server takes no connection."""

    _what = "no connection to the server at"
