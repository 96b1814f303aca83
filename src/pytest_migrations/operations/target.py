"""The database that a command was asked to work on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pytest_migrations.errors import UserError
from pytest_migrations.operations.entry import whoever_runs
from pytest_migrations.server.connections import startup_options
from pytest_migrations.server.hiding import SECRET, address
from pytest_migrations.server.server_error import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.server.started import Parameters

LEDGER_SCHEMA, LEDGER_TABLE = "pytest_migrations", "migration_history"
_CONNECT_SECONDS = "10"
#: ``postgres://``, and the drivers that SQLAlchemy names behind a plus.
_SCHEME = re.compile(r"\s*postgres(?:ql)?(?:\+\w+)?://")
#: Parameters of a URL that other libraries read, and libpq would refuse: Prisma's (its ``schema`` is a search_path).
_NOT_OF_LIBPQ = {"connection_limit", "pgbouncer", "pool_timeout", "socket_timeout", "statement_cache_size"}
_UNREADABLE = (
    "The DSN cannot be read. It is postgresql://user:password@host:port/database, in which each of @ : / ? # %% in a "
    "user or password is written as %40 %3A %2F %3F %23 %25, or host=... dbname=... user=..."
).replace("%%", "%")


@dataclass(frozen=True)
class Target:
    """A database and where its ledger is. What is not in the DSN comes from libpq's variables, as for psql."""

    #: For libpq. May hold a password, so it shows nowhere.
    parameters: Parameters = field(repr=False)
    #: Schema and table.
    ledger: tuple[str, str]
    #: Whether the user has said so.
    is_ledger_named: bool = False

    @classmethod
    def named(cls, dsn: str, ledger: str | None = None) -> Target:
        """The target of a DSN as libpq, SQLAlchemy or Prisma write it. Raises UserError where it cannot be read."""
        parameters, schema = _parameters(dsn)
        table = f"{LEDGER_TABLE}_{schema}" if schema not in ("", "public") else LEDGER_TABLE
        name = _ledger(ledger) if ledger else (LEDGER_SCHEMA, table)
        return cls({"connect_timeout": _CONNECT_SECONDS, **parameters}, name, is_ledger_named=bool(ledger))

    def connect(self, settings: Mapping[str, str] | None = None, **more: Any) -> psycopg.Connection[Any]:
        """Connect in autocommit mode, without prepared statements.

        ``settings`` are set at the start of the session, so that RESET keeps them; ``more`` goes to psycopg as it is.

        :raises UnreachableError: in which no password is shown.
        """
        options = startup_options(settings or {}, self.parameters.get("options", ""))
        given: dict[str, Any] = {
            "client_encoding": "UTF8",
            "application_name": _application(),
            **self.parameters,
            **more,
        }
        if options:
            given["options"] = options
        try:
            return psycopg.connect(**given, autocommit=True, prepare_threshold=None)
        except psycopg.OperationalError as error:
            if "options" in str(error) and "unsupported startup parameter" in str(error):
                raise UserError(_REFUSES_OPTIONS.format(where=self.where)) from None
            raise UnreachableError.of(error, self.parameters) from None

    def beside(self, database: str) -> Target:
        """Another database on its server."""
        return replace(self, parameters={**self.parameters, "dbname": database})

    @property
    def where(self) -> str:
        """The address of its server, without secrets."""
        return address(self.parameters)


def _application() -> str:
    """What others see of us in pg_stat_activity. PostgreSQL cuts it at 63 bytes."""
    return f"pytest-migrations of {whoever_runs()}"


#: Why a session is needed, where a pooler lends one only for a transaction.
POOLED = (
    "{where} is a pooler that lends a session for one transaction (PgBouncer in transaction mode): the lock that keeps "
    "two runs apart would belong to nobody. Name the server itself in --dsn, not the pooler."
)
_REFUSES_OPTIONS = (
    "{where} is a pooler (PgBouncer) that refuses the startup parameter options, with which our sessions begin: "
    "lock_timeout, say, is among them. To let it ignore that (ignore_startup_parameters) is no way: it would be lost, "
    "and a statement wait for a lock for ever. Name the server itself in --dsn, not the pooler."
)


def _parameters(dsn: str) -> tuple[dict[str, str], str]:
    """What it says for libpq, and the schema that it names for Prisma."""
    if (other := re.match(r"\s*([a-z][a-z0-9+.-]*):", dsn)) and not _SCHEME.match(dsn):
        raise UserError(f"The DSN is of {other[1]}, and not of PostgreSQL: postgresql://user@host/database.")
    written, scheme, schema = dsn, _SCHEME.match(dsn), ""
    if scheme is not None:
        rest, question, query = dsn[scheme.end() :].strip().partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        schema = next((value for name, value in pairs if name == "schema"), "")
        kept = urlencode([(name, value) for name, value in pairs if name != "schema" and name not in _NOT_OF_LIBPQ])
        dsn = f"postgresql://{rest}{question if kept else ''}{kept.replace('+', '%20')}"
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    except psycopg.ProgrammingError as error:
        raise UserError(_UNREADABLE + _unknown_parameter(str(error), written)) from None
    ports, hosts = given.get("port", "5432").split(","), given.get("host", "").split(",")
    stray = any("@" in host[1:] for host in hosts) or (scheme is not None and "@" in given.get("dbname", ""))
    if stray or not all(port.isdigit() for port in ports):
        raise UserError(_UNREADABLE)
    if schema:
        quoted = schema.replace('"', '""')
        given["options"] = startup_options({"search_path": f'"{quoted}"'}, given.get("options", ""))
    return given, schema


def _unknown_parameter(error: str, dsn: str) -> str:
    """Which one libpq does not know, unless what it takes for one may be part of a password that is not encoded."""
    found = re.search(r'invalid (?:URI query parameter|connection option):? "([a-z_]+)"', error)
    if found is None:
        return ""
    before, equals, behind = dsn.rpartition(f"{found[1]}=")
    if not equals or "@" in behind or re.search(rf"(?:{'|'.join(SECRET)})\s*=", before):
        return ""
    return f"\nlibpq knows no parameter {found[1]!r}."


_NAME = r'(?:"(?:[^"]|"")+"|[^".]+)'
_QUALIFIED = re.compile(rf"({_NAME})\.({_NAME})")


def _ledger(name: str) -> tuple[str, str]:
    found = _QUALIFIED.fullmatch(name.strip())
    if found is None:
        raise UserError(f"--ledger={name}: name a schema and a table, as in {LEDGER_SCHEMA}.{LEDGER_TABLE}")
    schema, table = (part[1:-1].replace('""', '"') if part.startswith('"') else part for part in found.groups())
    if schema.startswith("pg_"):
        raise UserError(f"--ledger={name}: PostgreSQL keeps the schemas pg_... for itself. Name another one.")
    return schema, table
