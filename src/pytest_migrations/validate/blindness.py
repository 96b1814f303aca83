"""What cannot be read may have done something: to which objects, its text tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_migrations.effects import Named

_WORD = re.compile(r"[^\W\d]\w*")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_MAKING = frozenset({"create", "add", "rename", "set", "like", "attach", "alter"})
_DROPPING = frozenset({"drop", "rename", "cascade", "set", "detach"})
#: For each kind of object the words one of which there has to be where a statement is about it.
_WORDS = {
    "relation": frozenset({"table", "view", "index", "sequence", "type", "partition"}),
    "column": frozenset({"column", "add", "table", "view", "drop", "rename"}),
    "constraint": frozenset({"constraint", "table", "unique", "primary", "foreign", "check"}),
    "type": frozenset({"type", "domain", "table"}),
    "routine": frozenset({"function", "procedure", "aggregate", "routine"}),
}
#: A shorter word is not taken for the beginning or the end of a name that is put together.
_SHORTEST = 3


class Blind:
    """A place that cannot be read, or a call of what is not known (then it is ``foreign``).

    It may have made each object whose name is in its text or begins or ends with a word of it, and it may have dropped
    each one of the kinds that it speaks of: names to drop are often asked of the catalog.
    """

    def __init__(self, text: str, at: int, *, is_foreign: bool = False) -> None:
        self._at = at
        self._is_foreign = is_foreign
        self._words = frozenset(word.lower() for word in _WORD.findall(_COMMENT.sub(" ", text)))
        self._parts = tuple(word for word in self._words if len(word) >= _SHORTEST)

    def may_have_made(self, named: Named) -> bool:
        """Whether the object may be there for it."""
        return (self._is_foreign or self._does(_MAKING, named)) and self._may_name(named)

    def may_have_dropped(self, named: Named, born: int) -> bool:
        """Whether the object, made when there were ``born`` effects, may be gone for it."""
        return born <= self._at and (self._may_name(named) if self._is_foreign else self._does(_DROPPING, named))

    def _does(self, verbs: frozenset[str], named: Named) -> bool:
        kinds = _WORDS.get(named.space, frozenset(named.space.split()[:1]))
        return not self._words.isdisjoint(verbs) and not self._words.isdisjoint(kinds)

    def _may_name(self, named: Named) -> bool:
        name = named.path[-1].lower()
        renames = "rename" in self._words and not self._is_foreign
        return renames or name in self._words or name.startswith(self._parts) or name.endswith(self._parts)
