"""Privileges: takes back what a statement granted, and grants again what it took."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pytest_migrations.catalog.privileges import PRIVILEGES, normalised, role_of
from pytest_migrations.derive.objects.kind import SAY, NotDerivableError
from pytest_migrations.derive.state import Back

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_migrations.derive.objects.kind import Change, PutBack, Row

#: Who may do what, and whether they may pass it on: by (grantee, privilege).
_Granted = dict[tuple[str, str], bool]


def same(before: Any, after: Any) -> bool:
    """Whether two values of the fact ``privileges`` mean the same."""
    return _text(before) == _text(after)


def _text(value: Any) -> str | None:
    return None if value is None else normalised(value["acl"], value["default"], value["owner"])


def privileges(word: str, target: Callable[[str, Row], tuple[str, str]] = lambda name, _: (name, "")) -> PutBack:
    """Put the privileges on an object back, once it has its owner, in whose name they are granted.

    ``target`` gives what they are on, and the column that they are on.
    """

    def put_back(change: Change) -> list[Back]:
        _check_owners(change)
        on, column = target(change.name, change.after)
        before, after = (_granted(row["privileges"], change) for row in (change.before, change.after))
        return [Back(sql, SAY) for sql in statements(before, after, f"{word} {on}", column)]

    return put_back


def _check_owners(change: Change) -> None:
    """With the owner of its relation each ACL gets another one, and what he was granted before becomes his own."""
    before, after = change.before["privileges"], change.after["privileges"]
    if before and after and before["owner"] != after["owner"]:
        raise NotDerivableError(f"{change.name} has another owner, and other privileges by that")


def statements(before: _Granted, after: _Granted, on: str, column: str = "", prefix: str = "") -> list[str]:
    """The REVOKE and GRANT statements on the way back."""
    found: Mapping[tuple[str, str, str], list[str]] = defaultdict(list)
    for grantee, privilege in sorted({**before, **after}):
        was, now = before.get((grantee, privilege)), after.get((grantee, privilege))
        said = f"{privilege} ({column})" if column else privilege
        if was is None:
            found["REVOKE", "", grantee].append(said)
        elif now and not was:
            found["REVOKE", "GRANT OPTION FOR ", grantee].append(said)
        elif now is None or (was and not now):
            found["GRANT", " WITH GRANT OPTION" if was else "", grantee].append(said)
    return [
        f"{prefix}REVOKE {option}{', '.join(said)} ON {on} FROM {grantee}"
        if verb == "REVOKE"
        else f"{prefix}GRANT {', '.join(said)} ON {on} TO {grantee}{option}"
        for (verb, option, grantee), said in sorted(found.items(), reverse=True)
    ]


def _granted(value: Any, change: Change) -> _Granted:
    if value is not None:
        return granted(value["acl"], value["owner"])
    there = change.before["privileges"] or change.after["privileges"]
    return granted(there["default"] or [], there["owner"])


def granted(acl: list[str], owner: str) -> _Granted:
    """What an ACL grants. Raises NotDerivableError where somebody else than the owner has granted it."""
    found: _Granted = {}
    for item in acl:
        grantee, rest = role_of(item)
        letters, _, grantor = rest[1:].partition("/")
        if grantor != owner:
            raise NotDerivableError(f"{grantor} has granted some of it, who is not the owner")
        for place, letter in enumerate(letters):
            if letter != "*":
                found[grantee or "PUBLIC", PRIVILEGES[letter]] = letters[place + 1 : place + 2] == "*"
    return found
