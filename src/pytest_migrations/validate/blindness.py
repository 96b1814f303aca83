"""What cannot be read may have done something: to which objects, its text tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb
from pytest_migrations.effects.templates import matches

if TYPE_CHECKING:
    from pytest_migrations.effects import Effect, Named

_WORD = re.compile(r"[^\W\d]\w*")
#: Comments, and the placeholders of ``format``.
_NO_WORD = re.compile(r"--[^\n]*|/\*.*?\*/|%(?:\d+\$)?[IsL]", re.DOTALL)
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
#: What stands before or behind a placeholder of ``format``, or where ``||`` joins a text, is a part of a name.
_BEGINNING = re.compile(r"(\w{3,})(?:%(?:\d+\$)?[IsL]|'\s*\|\|)")
_ENDING = re.compile(r"(?:%(?:\d+\$)?[IsL]|\|\|\s*')(\w{3,})")


class Blind:
    """A place that cannot be read, or a call of what is not known (then it is ``foreign``).

    Where its ``effects`` are known but for parts of names, those tell. Else it may have made each object whose name is
    in its text or is put together there, and it may have dropped each one of the kinds that it speaks of: names to drop
    are often asked of the catalog.
    """

    def __init__(
        self, text: str, at: int, *, is_foreign: bool = False, effects: tuple[Effect, ...] | None = None
    ) -> None:
        self._at = at
        self._is_foreign = is_foreign
        self._effects = effects
        self._words = frozenset(word.lower() for word in _WORD.findall(_NO_WORD.sub(" ", text)))
        self._beginnings = tuple(word.lower() for word in _BEGINNING.findall(text))
        self._endings = tuple(word.lower() for word in _ENDING.findall(text))

    def may_have_made(self, named: Named) -> bool:
        """Whether the object may be there for it."""
        if self._effects is not None:
            return any(self._makes(effect, named) for effect in self._effects)
        return (self._is_foreign or self._does(_MAKING, named)) and self._may_name(named)

    def _makes(self, effect: Effect, named: Named) -> bool:
        made = effect.to if effect.verb is Verb.RENAME else effect.object if effect.verb is Verb.CREATE else None
        if made is None or len(made.path) != len(named.path) or not matches(made, named):
            return False
        is_of_its_kind = made.space == named.space or (made.space, named.space) == ("relation", "type")
        return is_of_its_kind and (made.path[-1] != "*" or self._may_name(named))

    def may_have_dropped(self, named: Named, born: int) -> bool:
        """Whether the object, made when there were ``born`` effects, may be gone for it."""
        if born > self._at:
            return False
        if self._effects is not None:
            return any(_takes(effect, named) for effect in self._effects)
        if self._is_foreign:  # parts go with their table
            return self._may_name(named) or (len(named.path) > 2 and named.path[1].lower() in self._words)
        return self._does(_DROPPING, named)

    def _does(self, verbs: frozenset[str], named: Named) -> bool:
        kinds = _WORDS.get(named.space, frozenset(named.space.split()[:1]))
        return not self._words.isdisjoint(verbs) and not self._words.isdisjoint(kinds)

    def _may_name(self, named: Named) -> bool:
        name = named.path[-1].lower()
        renames = "rename" in self._words and not self._is_foreign
        return renames or name in self._words or name.startswith(self._beginnings) or name.endswith(self._endings)


def _takes(effect: Effect, named: Named) -> bool:
    """Whether it may drop or rename it, or what it is part of; CASCADE may take anything along."""
    if effect.verb not in (Verb.DROP, Verb.RENAME):
        return False
    is_part = len(effect.object.path) < len(named.path)
    return effect.cascade or ((is_part or effect.object.space == named.space) and matches(effect.object, named))
