"""pg_dump's text as a multiset of entries, so that it can be compared as an oracle."""

from __future__ import annotations

import re
from collections import Counter

_NOISE = re.compile(
    r"^(\\(un)?restrict .*|-- PostgreSQL database dump complete|SET default_tablespace = .*)\n", re.MULTILINE
)
#: Stands before the entry for which it changes, and holds until it changes again.
_ACCESS_METHOD = re.compile(r"^SET default_table_access_method = (.*);\n", re.MULTILINE)
_HEADER = re.compile(r"^--\n-- (?P<entry>Name: .*?; Type: (?P<type>.*?); Schema: .*?)\n--\n", re.MULTILINE)


def entries(text: str) -> Counter[str]:
    text = _NOISE.sub("", text)
    found = list(_HEADER.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    counted: Counter[str] = Counter()
    method = "heap"
    for match, end, before in zip(found, ends, [0, *(match.end() for match in found)], strict=False):
        if changed := _ACCESS_METHOD.findall(text[before : match.start()]):
            method = changed[-1]
        told = f" ({method})" if method != "heap" and match["type"] in {"TABLE", "MATERIALIZED VIEW"} else ""
        counted[match["entry"] + told + "\n" + _body(match["type"], text[match.end() : end])] += 1
    return counted


def _body(kind: str, body: str) -> str:
    body = re.sub(r"(\n+--[ \t]*)+$", "", _ACCESS_METHOD.sub("", body).strip()).strip()
    return "\n".join(sorted(body.split("\n"))) if kind in {"ACL", "DEFAULT ACL"} else body


def difference(before: Counter[str], after: Counter[str]) -> str:
    """What only one of them has, as lines that begin with - and +."""
    gone = [f"- {entry}" for entry in (before - after).elements()]
    return "\n".join(gone + [f"+ {entry}" for entry in (after - before).elements()])
