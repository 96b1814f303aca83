"""Which roles SQL names: as owners, in grants and policies, wherever the grammar has a role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.sql.grammar import SyntaxMistakeError, trees

if TYPE_CHECKING:
    from collections.abc import Iterator


def roles_named(text: str) -> set[str]:
    """The names of roles that stand in statements; none where the grammar does not understand the text."""
    try:
        return {name for tree in trees(text) for name in _names(tree.node)}
    except SyntaxMistakeError:
        return set()


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for part in node:
            yield from _names(part)
    elif isinstance(node, dict):
        if node.get("roletype") == "ROLESPEC_CSTRING":
            yield node["rolename"]
        for part in node.values():
            yield from _names(part)
