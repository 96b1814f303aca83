"""An ACL as text that says the same whenever the privileges are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: PostgreSQL docs, "Privileges", table "ACL Privilege Abbreviations".
PRIVILEGES = {
    "r": "SELECT",
    "a": "INSERT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
    "c": "CONNECT",
    "T": "TEMPORARY",
    "s": "SET",
    "A": "ALTER SYSTEM",
    "m": "MAINTAIN",
}


def normalised(acl: Iterable[str], default: Iterable[str], owner: str) -> str | None:
    """Who may do what, in a fixed order, or None where that is what a null ACL means.

    The items are PostgreSQL's (``app=r*w/owner``). The owner is called so, since who it is is told elsewhere.
    """
    told = _told(acl, owner)
    return None if told == _told(default or (), owner) else "; ".join(told) or "nobody"


def _told(acl: Iterable[str], owner: str) -> list[str]:
    return sorted(_item(item, owner) for item in acl)


def _item(item: str, owner: str) -> str:
    grantee, rest = role_of(item)
    letters, _, grantor = rest[1:].partition("/")
    granted: list[str] = []
    for letter in letters:
        if letter == "*":
            granted[-1] += " (grant option)"
        else:
            granted.append(PRIVILEGES.get(letter, letter))
    who = "owner" if grantee == owner else grantee or "public"
    by = "" if grantor == owner else f" by {grantor}"
    return f"{who}: {', '.join(sorted(granted))}{by}"


def role_of(item: str) -> tuple[str, str]:
    """The role before the ``=``, quoted as it stands there, and the rest of the item."""
    if not item.startswith('"'):
        end = item.index("=")
        return item[:end], item[end:]
    end = 1
    while item[end] != '"' or item[end + 1] == '"':
        end += 1 if item[end] != '"' else 2
    return item[: end + 1], item[end + 1 :]
