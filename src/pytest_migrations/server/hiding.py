"""What a message may say of how a server is reached: its address, and never a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_migrations.server.started import Parameters

#: The parameters of libpq (PostgreSQL docs 32.1.2) whose values are secret. A passfile is not: it only says where.
SECRET = {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}


def without_secrets(parameters: Parameters) -> dict[str, str]:
    """The parameters that may be shown."""
    return {name: value for name, value in parameters.items() if name not in SECRET}


def hide_secrets(text: str, parameters: Parameters) -> str:
    """The text with *** in place of what is secret, also as a URL spells it.

    What is only a part of a word is none: to replace the password ``ro`` in ``error`` would tell what it is.
    """
    secrets = {value for name, value in parameters.items() if name in SECRET and value}
    for secret in sorted(secrets, key=len, reverse=True):
        spelled = "".join(f"(?:{re.escape(character)}|{_percent_encoded(character)})" for character in secret)
        before = _NO_WORD_BEFORE if _is_of_word(secret[0]) else ""
        behind = r"(?!\w)" if _is_of_word(secret[-1]) else ""
        text = re.sub(f"{before}{spelled}{behind}", "***", text, flags=re.IGNORECASE)
    return text


def hide_in_dsns(text: str) -> str:
    """The text with *** for the password of each DSN, wherever the user has put it. The last @ of a URL ends that."""
    text = _IN_URL.sub(_starred, text)
    return _IN_WORDS.sub(_starred, text) if _IS_DSN.search(text) else text


def _starred(found: re.Match[str]) -> str:
    """As long as it was, so that a caret below it still points at its place."""
    return found[1] + "*" * len(found[2]) + found[3]


_IN_URL = re.compile(r"""(\b[a-z][a-z0-9+.-]*:/{1,2}[^\s:/@'"]*:)([^\s'"]*)(@)""", re.IGNORECASE)
_IS_DSN = re.compile(r"\b(?:host|dbname|user)=|\bpostgres(?:ql)?\S*://")
_IN_WORDS = re.compile(r"""(\b(?:ssl)?password=)([^\s&'")]+)()""", re.IGNORECASE)
#: The letters and digits of %3A belong to no word.
_NO_WORD_BEFORE = r"(?:(?<!\w)|(?<=%[0-9a-f]{2}))"


def _is_of_word(character: str) -> bool:
    return re.fullmatch(r"\w", character) is not None


def _percent_encoded(character: str) -> str:
    return "".join(f"%{byte:02x}" for byte in character.encode())


def address(parameters: Parameters) -> str:
    """Where the server is."""
    service = f"service {parameters['service']}" if "service" in parameters else ""
    host = parameters.get("host") or parameters.get("hostaddr") or service
    return f"{host or 'the local socket'}{':' + parameters['port'] if 'port' in parameters else ''}"
