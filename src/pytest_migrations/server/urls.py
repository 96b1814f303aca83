"""The DSN of a database as the URL that SQLAlchemy, asyncpg and others read."""

from __future__ import annotations

from urllib.parse import quote, urlencode

#: What only libpq knows, of how it connects: other drivers of ``postgresql:`` would ask the server for such a setting.
_OF_LIBPQ = {
    *("channel_binding", "connect_timeout", "fallback_application_name", "gssdelegation", "gssencmode", "hostaddr"),
    *("keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "load_balance_hosts"),
    *("max_protocol_version", "min_protocol_version", "require_auth", "requirepeer", "sslcertmode", "sslcompression"),
    *("sslnegotiation", "sslsni", "tcp_user_timeout"),
}
#: The arguments of asyncpg.connect that are text, which is what SQLAlchemy makes of a URL for it.
_OF_ASYNCPG = {"gsslib", "host", "krbsrvname", "passfile", "port", "target_session_attrs"}


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
    query = urlencode(_known_to(scheme, parameters), quote_via=quote, safe="/")
    return f"{scheme}://{login}{'@' if login else ''}{address}/{name}{'?' if query else ''}{query}"


def _known_to(scheme: str, parameters: dict[str, str]) -> dict[str, str]:
    """The parameters that whoever reads the scheme understands, as it calls them."""
    driver = scheme.partition("+")[2]
    if driver == "asyncpg":
        encryption = {"ssl": parameters["sslmode"]} if "sslmode" in parameters else {}
        return {name: value for name, value in parameters.items() if name in _OF_ASYNCPG} | encryption
    if driver:
        return parameters
    return {name: value for name, value in parameters.items() if name not in _OF_LIBPQ}
