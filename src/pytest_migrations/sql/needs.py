"""What a statement needs of the server beside the grammar: extensions, collation providers, locales."""

from __future__ import annotations

import re
from typing import Any

#: A collation of ICU, or of the operating system, that initdb has imported under its own name.
_COLLATE = re.compile(
    r'\bCOLLATE\s+(?:pg_catalog\s*\.\s*)?"(?:(?P<icu>[\w-]+-x-icu)|(?P<locale>[a-z]{2,3}_[A-Z]{2}[^"]*))"'
)


def needed_by(kind: str, node: Any, text: str) -> tuple[tuple[str, str], ...]:
    """Pairs of what it is (extension, collation provider, locale) and its name."""
    if kind == "create_extension_stmt":
        return (("extension", node.extname),)
    needs = list(_collation(node)) if kind == "define_stmt" and not node.if_not_exists else []
    for found in _COLLATE.finditer(text):
        needs.append(("collation provider", "icu") if found["icu"] else ("locale", found["locale"]))
    return tuple(needs)


def _collation(node: Any) -> list[tuple[str, str]]:
    """CREATE COLLATION: its provider is libc where it does not say."""
    if node.DESCRIPTOR.fields_by_name["kind"].enum_type.values_by_number[node.kind].name != "OBJECT_COLLATION":
        return []
    said = {option.def_elem.defname: _word(option.def_elem.arg) for option in node.definition}
    provider = said.get("provider", "libc").lower()
    if provider != "libc":
        return [("collation provider", provider)]
    locales = {said[name] for name in ("locale", "lc_collate", "lc_ctype") if name in said}
    return [("locale", locale) for locale in sorted(locales - {"C", "POSIX"})]


def _word(value: Any) -> str:
    names = value.type_name.names
    return str(names[-1].string.sval if names else value.string.sval)
