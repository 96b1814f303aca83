"""The DSN of a database as the URL that SQLAlchemy, asyncpg and others read."""

from __future__ import annotations

from urllib.parse import quote, urlencode


def url(scheme: str, dsn: str) -> str:
    """Make a URL of a DSN; what has no place of its own in one, a socket's folder too, is a parameter of it.

    What is empty is left out: SQLAlchemy would do it, and others take what they do not know for a setting.
    """
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 (loads while a server starts)

    parameters = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value}
    user = quote(parameters.pop("user", ""), safe="")
    password = quote(parameters.pop("password", ""), safe="")
    name = quote(parameters.pop("dbname", ""), safe="")
    address = ""
    if not any(mark in parameters.get("host", "") for mark in "/,"):
        host, port = parameters.pop("host", ""), parameters.pop("port", "")
        address = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    login = user + (f":{password}" if password else "")
    query = urlencode(parameters, quote_via=quote, safe="/")
    return f"{scheme}://{login}{'@' if login else ''}{address}/{name}{'?' if query else ''}{query}"
