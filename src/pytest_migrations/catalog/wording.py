"""Short texts about objects: what a missing one was, and how a changed one did."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Longer texts (bodies, queries) are cut to what lies around the first character that differs.
_WIDTH = 60
_INDEX = re.compile(
    r"CREATE (?P<unique>UNIQUE )?INDEX (?:\"(?:[^\"]|\"\")*\"|\S+) ON (?:ONLY )?(?:\"(?:[^\"]|\"\")*\"|[^\s\"])+ "
    r"USING (?P<method>\S+) (?P<rest>.*)",
    re.DOTALL,
)


def object_text(kind: str, fields: Mapping[str, str]) -> str:
    """What an object was, for one that is missing: ``on (status) where not archived``."""
    if kind == "index":
        return _short(_index(fields["definition"]))
    if kind == "column":
        not_null = " not null" if fields.get("not null") == "true" else ""
        default = f" default {fields['default']}" if "default" in fields else ""
        return _short(fields.get("type", "") + not_null + default)
    if kind in {"attribute", "constraint", "database setting", "role setting", "server setting", "type"}:
        return _short(fields.get("definition") or fields.get("labels") or fields.get("value") or fields.get("type", ""))
    if kind == "policy":
        return _short("for " + fields["for"] + (f" using {fields['using']}" if "using" in fields else ""))
    return ""


def change_texts(field: str, before: str | None, after: str | None) -> tuple[str, str]:
    """How a field's value reads before and after: cut to the part that differs; what is secret is not told."""
    if field.endswith("(hidden)"):
        return "hidden", "changed"
    if field == "privileges":
        return _privileges(before, after), _privileges(after, before)
    one, two = _line(before), _line(after)
    if one == two:
        return _short(one), "the same but for white space"
    short = (_index(one), _index(two))
    if field == "definition" and short[0] != one and short[1] != two and short[0] != short[1]:
        one, two = short  # of the same table
    if max(len(one), len(two)) > _WIDTH and before is not None and after is not None:
        return _around_difference(one, two)
    return _short(one), _short(two)


def _privileges(said: str | None, otherwise: str | None) -> str:
    """Whose privileges are not the same in both; where there were none but the usual ones, the owner's go unsaid."""
    told = [item for item in (said or "").split("; ") if item not in (otherwise or "").split("; ")]
    granted = [item for item in told if not item.startswith("owner: ")] if otherwise is None else told
    return "; ".join(filter(None, granted or told)) or "none"


def _index(definition: str) -> str:
    match = _INDEX.match(definition)
    if match is None:
        return definition
    columns, where, predicate = match["rest"].partition(" WHERE ")
    if predicate.startswith("(") and predicate.endswith(")") and _is_one_group(predicate):
        predicate = predicate[1:-1]
    method = "" if match["method"] == "btree" else f"using {match['method']} "
    unique = "unique " if match["unique"] else ""
    if predicate.startswith("NOT "):
        predicate = "not " + predicate[4:]
    return f"{unique}on {method}{columns}" + (f" where {predicate}" if where else "")


def _is_one_group(text: str) -> bool:
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return position == len(text) - 1
    return False


def _around_difference(one: str, two: str) -> tuple[str, str]:
    same = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    start = one.rfind(" ", 0, max(same - _WIDTH // 3, 0)) + 1
    return _window(one, start), _window(two, start)


def _window(text: str, start: int) -> str:
    return ("..." if start else "") + _short(text[start:])


def _line(text: str | None) -> str:
    return "none" if text is None else " ".join(text.split()) or "''"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else line[: _WIDTH - 3] + "..."
