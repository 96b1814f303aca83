"""The facts that objects of every kind have: their owner, what is said about them, their options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.derive.names import literal
from pytest_migrations.derive.objects.kind import PUT_BACK, SAY, NotDerivableError, own_name, relation_of
from pytest_migrations.derive.state import Back

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_migrations.derive.objects.kind import Change, PutBack, Row


def owner(word: str) -> PutBack:
    """Give an object back to its owner."""

    def put_back(change: Change) -> list[Back]:
        return [Back(f"ALTER {word} {change.name} OWNER TO {change.before['owner']}", PUT_BACK)]

    return put_back


def comment(word: str, field: str = "comment", name: Callable[[str, Row], str] = lambda name, _: name) -> PutBack:
    """Say of an object what was said before."""

    def put_back(change: Change) -> list[Back]:
        text = change.before.get(field)
        said = "NULL" if text is None else literal(text)
        return [Back(f"COMMENT ON {word} {name(change.name, change.before)} IS {said}", SAY)]

    return put_back


def on(name: str, row: Row) -> str:
    """A part with its relation, as most statements about it need them."""
    return f"{own_name(name, row)} ON {relation_of(row)}"


def options(before: list[str] | None, after: list[str] | None, prefix: str = "") -> list[str]:
    """The clauses RESET (...) and SET (...) that bring options back to what they were."""
    old, new = _by_name(before), _by_name(after)
    gone = [f"{prefix}{name}" for name in new if name not in old]
    lost = [f"{prefix}{name} = {literal(value)}" for name, value in old.items() if new.get(name) != value]
    return ([f"RESET ({', '.join(gone)})"] if gone else []) + ([f"SET ({', '.join(lost)})"] if lost else [])


def _by_name(settings: list[str] | None) -> Mapping[str, str]:
    return {name: value for name, _, value in (setting.partition("=") for setting in settings or ())}


def storage_options(word: str) -> PutBack:
    """Put the options of a relation back, and those of its TOAST table."""

    def put_back(change: Change) -> list[Back]:
        clauses = options(change.before.get("options"), change.after.get("options")) + options(
            change.before.get("toast options"), change.after.get("toast options"), "toast."
        )
        return [Back(f"ALTER {word} {change.name} {clause}", PUT_BACK) for clause in clauses]

    return put_back


def cannot(reason: str) -> PutBack:
    """Say why a fact cannot be put back."""

    def put_back(change: Change) -> list[Back]:
        raise NotDerivableError(reason.format(name=change.name, relation=change.name))

    return put_back
