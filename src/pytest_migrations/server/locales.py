"""The locale clauses of CREATE DATABASE, which every major version spells in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

from pytest_migrations.errors import UserError

if TYPE_CHECKING:
    import psycopg

_ICU = "icu:"


def clauses(admin: psycopg.Connection[Any], locale: str | None) -> str:
    """For a locale of the operating system, one of ICU ("icu:de-DE"), or C.UTF-8 or what comes nearest to it.

    Raises UserError for one of ICU on PostgreSQL 14.
    """
    number = admin.info.server_version
    if locale and locale.startswith(_ICU):
        if number < 150000:
            raise UserError(f"migrations_locale = {locale}: databases of PostgreSQL 14 cannot have a locale of ICU.")
        return _sql(admin, "LOCALE_PROVIDER icu LOCALE 'C' ICU_LOCALE {}", locale[len(_ICU) :])
    if locale is None and number >= 170000:
        return "LOCALE_PROVIDER builtin LOCALE 'C' BUILTIN_LOCALE 'C.UTF-8'"
    provider = "LOCALE_PROVIDER libc " if number >= 150000 else ""
    return _sql(admin, provider + "LOCALE {}", locale or _system_locale(admin))


def _system_locale(admin: psycopg.Connection[Any]) -> str:
    """C.UTF-8 where the server's system has it (glibc; macOS only lately), else another of UTF-8, else C."""
    rows = admin.execute(
        """
        SELECT collcollate FROM pg_collation WHERE collprovider = 'c' AND collcollate ~* '^(C|en_US)\\.utf-?8$'
        UNION ALL
        SELECT datcollate FROM pg_database WHERE datname = 'template0' AND datcollate ~* 'utf-?8$'
        """
    ).fetchall()
    found = [row[0] for row in rows]
    return next((name for name in found if name.startswith("C.")), found[0] if found else "C")


def _sql(admin: psycopg.Connection[Any], text: str, locale: str) -> str:
    return sql.SQL(text).format(sql.Literal(locale)).as_string(admin)
