"""What leads from a database to other servers: a dry run goes nowhere but to its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pytest_migrations.errors import UserError
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from pytest_migrations.migration import Script, Statement

_NOWHERE = "/nowhere, since this is a dry run"
#: Wrappers whose servers have an option ``host``, as libpq has.
_OF_POSTGRESQL = ("postgres_fdw", "dblink_fdw")
_REACHING = {
    "alter_subscription_stmt": "reach the server that is subscribed to",
    "copy_stmt": "start a program",
    "create_subscription_stmt": "reach the server that is subscribed to",
    "drop_subscription_stmt": "reach the server that is subscribed to",
}
_PROGRAM = re.compile(r"\bPROGRAM\s+[E\'$]", re.IGNORECASE)
_DBLINK = re.compile(r"\bdblink\w*\s*\(", re.IGNORECASE)


def refuse(scripts: Iterable[Script], *, is_borrowed: bool) -> None:
    """Look for what would reach other servers, or what all databases of a server that is not ours share.

    :raises UserError: at the first statement of that kind.
    """
    for statement in (statement for script in scripts for statement in statements(script)):
        if reaches := _reaches(statement):
            raise UserError.at(
                statement.place,
                f"a dry run of this would {reaches}",
                "Nothing was changed. Try the migrations before it (--to), or prove it with pytest.",
            )
        if is_borrowed and statement.traits & Trait.CLUSTER:
            raise UserError.at(
                statement.place,
                "this changes what all databases of a server share, and that of --server is not the dry run's own",
                "Nothing was changed. Leave out --server, so that it starts one.",
            )


def _reaches(statement: Statement) -> str:
    """What it does that is not undone with the stand-in; empty where that cannot be seen."""
    if _DBLINK.search(statement.text):
        return "reach another server by dblink"
    if statement.kind == "copy_stmt" and not _PROGRAM.search(statement.text):
        return ""
    return _REACHING.get(statement.kind, "")


def cut_off(admin: psycopg.Connection[Any]) -> list[str]:
    """Let foreign servers lead nowhere, and forget the passwords for them; a sentence if there are any."""
    for user, server in admin.execute("SELECT usename, srvname FROM pg_catalog.pg_user_mappings").fetchall():
        role = sql.SQL("PUBLIC") if user == "public" else sql.Identifier(user)
        admin.execute(sql.SQL("DROP USER MAPPING FOR {} SERVER {}").format(role, sql.Identifier(server)))
    names = []
    for server, wrapper, options in admin.execute(_FOREIGN_SERVERS).fetchall():
        names.append(server)
        if wrapper in _OF_POSTGRESQL:
            change = "SET" if "host" in options else "ADD"
            changes: list[sql.Composable] = [sql.SQL(change) + sql.SQL(" host {}").format(_NOWHERE)]
            changes += [sql.SQL("DROP hostaddr")] if "hostaddr" in options else []
            alteration = sql.SQL("ALTER SERVER {} OPTIONS ({})")
            admin.execute(alteration.format(sql.Identifier(server), sql.SQL(", ").join(changes)))
    return [f"The foreign servers {', '.join(names)} lead nowhere there."] if names else []


_FOREIGN_SERVERS = """
SELECT srvname, fdwname, ARRAY(SELECT split_part(o, '=', 1) FROM unnest(coalesce(srvoptions, '{}')) o)
FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw ORDER BY srvname
"""
