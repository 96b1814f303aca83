"""A server that somebody else runs keeps what it has: what a migration would change of it is refused.

Roles that the migrations make are dropped afterwards, with all that they were granted. Everything else that the
databases of a server share stays as it was, so a transaction that changes it is not committed.
"""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.catalog.session import pinned
from pytest_migrations.failure import MigrationError
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.errors import Place
    from pytest_migrations.migration import Migration, Statement

_ELSEWHERE = "Prove it with --migrations-server=embedded or docker."

#: What cannot be taken back, or reaches beyond our databases, before any transaction of ours is committed.
_NEVER = {
    "alter_system_stmt",
    "alter_table_space_options_stmt",
    "create_table_space_stmt",
    "createdb_stmt",
    "drop_table_space_stmt",
    "dropdb_stmt",
}
#: The same in the code of a program, which may send it outside a transaction.
_NEVER_CODE = re.compile(
    r"\balter\s+system\b|\b(?:create|alter|drop)\s+tablespace\b|\b(?:create|drop)\s+database\b|_replication_slot",
    re.IGNORECASE,
)
_MAKES_ORIGIN = re.compile(r"pg_replication_origin_create", re.IGNORECASE)


def refuse_on_given_server(migration: Migration) -> None:
    """Look through the scripts of a migration before they run on a server that is not ours.

    :raises MigrationError: when one changes the server itself or another database, or roles outside a transaction.
    """
    for script in migration.scripts:
        if script.program is not None and (found := _NEVER_CODE.search(script.source)):
            raise _refused(migration, script.place(found.start()))
        commands = statements(script)
        alone = not script.transactional or any(_COMMITS & statement.traits for statement in commands)
        for statement in commands:
            if _is_never_done(statement) or (alone and Trait.CLUSTER in statement.traits):
                raise _refused(migration, statement.place)


def _refused(migration: Migration, place: Place) -> MigrationError:
    error = MigrationError(migration, place, "this is not done on a server that pytest-migrations did not start")
    error.advice = _ELSEWHERE
    return error


_COMMITS = Trait.OUTSIDE_TRANSACTION | Trait.TRANSACTION_CONTROL


def _is_never_done(statement: Statement) -> bool:
    if Trait.CLUSTER not in statement.traits:
        return False
    made_at_once = Trait.NEVER_UNDONE in statement.traits or bool(_MAKES_ORIGIN.search(statement.text))
    return statement.kind in _NEVER or made_at_once


class _Row(NamedTuple):
    #: What it is about, for a reader, and the roles of which at least one has to be ours for the row to be allowed.
    what: str
    roles: tuple[str, ...]
    text: str


#: All that is shared, but for our own databases: a key, what it is about, the roles that it is about, and its text.
#: What is granted to roles is told role by role, so that those of ours can be left out.
_SHARED = """
select 'authid ' || r.rolname, 'the role ' || quote_ident(r.rolname), array[r.rolname::text], r::text
from {roles} r
union all
select 'member ' || m.roleid || ' ' || m.member || ' ' || m.grantor,
    format('the membership of %s in %s', m.member::regrole, m.roleid::regrole),
    array[pg_get_userbyid(m.member)::text, pg_get_userbyid(m.roleid)::text], m.admin_option::text
from pg_auth_members m
union all
select 'database ' || d.oid, 'the database ' || quote_ident(d.datname), array[]::text[],
    row(d.datname, d.datdba, d.datconnlimit, d.datallowconn, d.datistemplate, d.dattablespace)::text
from pg_database d where d.datname !~ '^pytest_migrations_'
union all
select 'database acl ' || d.oid || ' ' || a.grantee || ' ' || a.privilege_type,
    'privileges on the database ' || quote_ident(d.datname),
    array[case when a.grantee <> 0 then pg_get_userbyid(a.grantee)::text end], a.is_grantable::text
from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a where d.datname !~ '^pytest_migrations_'
union all
select 'tablespace ' || s.oid, 'the tablespace ' || quote_ident(s.spcname), array[]::text[],
    row(s.spcname, s.spcowner, s.spcoptions)::text
from pg_tablespace s
union all
select 'tablespace acl ' || s.oid || ' ' || a.grantee || ' ' || a.privilege_type,
    'privileges on the tablespace ' || quote_ident(s.spcname),
    array[case when a.grantee <> 0 then pg_get_userbyid(a.grantee)::text end], a.is_grantable::text
from pg_tablespace s, aclexplode(coalesce(s.spcacl, acldefault('t', s.spcowner))) a
union all
select 'comment ' || c.classoid || ' ' || c.objoid, 'a comment on ' || coalesce(
        'the role ' || (select rolname from pg_roles r where r.oid = c.objoid and c.classoid = 'pg_authid'::regclass),
        'a database or tablespace'),
    array[case when c.classoid = 'pg_authid'::regclass then pg_get_userbyid(c.objoid)::text end], c.description
from pg_shdescription c
where not (c.classoid = 'pg_database'::regclass
    and c.objoid in (select oid from pg_database where datname ~ '^pytest_migrations_'))
union all
select 'label ' || l.classoid || ' ' || l.objoid || ' ' || l.provider, 'a security label of a role or database',
    array[case when l.classoid = 'pg_authid'::regclass then pg_get_userbyid(l.objoid)::text end], l.label
from pg_shseclabel l
union all
select 'setting ' || s.setdatabase || ' ' || s.setrole, 'settings of a role or database',
    array[case when s.setrole <> 0 then pg_get_userbyid(s.setrole)::text end], s.setconfig::text
from pg_db_role_setting s
where s.setdatabase not in (select oid from pg_database where datname ~ '^pytest_migrations_')
"""
_PARAMETERS = """
union all
select 'parameter ' || p.parname || ' ' || a.grantee || ' ' || a.privilege_type, 'privileges on ' || p.parname,
    array[case when a.grantee <> 0 then pg_get_userbyid(a.grantee)::text end], a.is_grantable::text
from pg_parameter_acl p, aclexplode(p.paracl) a
"""


class GivenServer:
    """What a server had before a walk that may change what its databases share."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._before = _read(connection)
        self._roles = {role for row in self._before.values() for role in row.roles}

    def refuse_changes(self, migration: Migration, connection: psycopg.Connection) -> None:
        """Look at the open transaction of ``migration`` before it commits.

        :raises MigrationError: when something that the server had before is not what it was, or something is new that
            is not about a role which the migrations have made.
        """
        now = _read(connection)
        changed = [row.what for key, row in self._before.items() if now.get(key) != row]
        changed += [row.what for key, row in now.items() if key not in self._before and self._is_somebodys(key, row)]
        if changed:
            error = MigrationError(
                migration,
                migration.up.start,
                "the migration changes what the server had before it: " + ", ".join(sorted(dict.fromkeys(changed))),
            )
            error.advice = _ELSEWHERE
            raise error

    def _is_somebodys(self, key: str, row: _Row) -> bool:
        """Whether a new row is about nothing that the migrations have made."""
        return not key.startswith("authid ") and all(role in self._roles for role in row.roles)


def _read(connection: psycopg.Connection) -> dict[str, _Row]:
    """The rows by their keys, as the session's own user sees them, whoever a script has become.

    A password is among them only for who may read it, and in no message.
    """
    (superuser,) = pinned(connection, "select 1 from pg_roles where rolname = session_user and rolsuper")
    query = _SHARED.format(roles="pg_authid" if superuser.ntuples else "pg_roles")
    if connection.info.server_version >= 150000:
        query += _PARAMETERS
    (found,) = pinned(connection, f"select key, what, to_json(roles), text from ({query}) r(key, what, roles, text)")
    rows = [[(found.get_value(row, column) or b"").decode() for column in range(4)] for row in range(found.ntuples)]
    return {key: _Row(what, tuple(filter(None, json.loads(roles))), text) for key, what, roles, text in rows}
