"""Views that were dropped or got more columns: they are made anew, with what hangs on them, those under them first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.derive.objects.kind import goes_with

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_migrations.derive.catalog import Facts
    from pytest_migrations.derive.names import Entry
    from pytest_migrations.derive.objects.kind import Row


class Views:
    """The views before and behind a statement, by which all these objects are ``gone``."""

    def __init__(self, before: Facts, after: Facts, gone: Collection[Entry]) -> None:
        self._before = before
        self._lost = {one.name for one in gone if ("shape", one.name) in before}
        #: Those that have to be made anew, since columns were added to them.
        self._remade = {
            name
            for (kind, name), row in after.items()
            if kind == "shape" and (kind, name) in before and before[kind, name]["columns"] != row["columns"]
        }

    def is_remade(self, kind: str, name: str, row: Row) -> bool:
        """Whether it is a view that is made anew, or a part of one."""
        own = (name,) if kind == "view" else (parent.name for parent in goes_with(row))
        return bool(self._remade) and any(one in self._remade for one in own)

    def hangs_on_one(self, row: Row) -> bool:
        """Whether it hangs on a view."""
        return any(("shape", parent.name) in self._before for parent in goes_with(row))

    def depth(self, name: str, seen: frozenset[str] = frozenset()) -> int:
        """On how many others, one on the other, it stands of those that are gone."""
        text = self._before["shape", name]["definition"]
        others = self._lost - seen - {name}
        under = [other for other in others if re.search(rf"(?<![\w.]){re.escape(other)}(?![\w$])", text)]
        return max((1 + self.depth(other, seen | {name}) for other in under), default=0)
