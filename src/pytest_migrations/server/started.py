"""What a server is to those who use it, as written down for the other processes of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Parameters of libpq, as in {"host": ..., "user": ...}.
Parameters = Mapping[str, str]


@dataclass(frozen=True)
class Started:
    """A server that accepts connections."""

    kind: str
    version: str
    version_number: int
    #: How the superuser of a server that we started, or the user of an external one, connects.
    admin: Parameters = field(repr=False)
    #: How the owner of the databases connects.
    login: Parameters = field(repr=False)
    #: The role that is to own the databases; None where it is the admin.
    owner: str | None
    #: Clauses of CREATE DATABASE after TEMPLATE: encoding and locale.
    database_clauses: str
    #: STRATEGY of a clone; empty where the server knows no such clause.
    clone_strategy: str
    #: The folder in which an embedded server has its files.
    home: str | None = None
    #: The id of its container.
    container: str | None = None
