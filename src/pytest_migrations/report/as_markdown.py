"""The report for people: the summary of a job on GitHub, or a file."""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_migrations.report.results import Result, Results

#: GitHub takes no more than 1 MiB for each step of a job.
LIMIT = 1024 * 1024
_LONGEST_TEXT = 64 * 1024


def render(results: Results, limit: int = LIMIT) -> str:
    """The totals of each folder, then the failures, the most telling first, as many as fit into ``limit`` bytes."""
    server = results.server
    parts = [
        f"## Migrations{' on PostgreSQL {version} {kind}'.format(**server) if server else ''}\n",
        "\n".join(_totals(results.all)) + "\n",
    ]
    details = [_details("The processes of this run disagree", "", text) for text in results.contradictions]
    details += [_details(result.id, result.headline, result.reason) for result in results.failures]
    left_out = "{} more failures are left out here, to stay below {} bytes. The log and the other reports have them.\n"
    room = limit - sum(map(_size, parts)) - _size(left_out) - 20
    for number, detail in enumerate(details):
        room -= _size(detail) + 1
        if room < 0:
            parts.append(left_out.format(len(details) - number, limit))
            break
        parts.append(detail)
    return "\n".join(parts)


def _totals(results: Iterable[Result]) -> Iterator[str]:
    folders: dict[str, list[Result]] = {}
    for result in results:
        folders.setdefault(result.folder, []).append(result)
    for folder, found in folders.items():
        migrations = len({result.migration for result in found})
        outcomes = Counter(result.outcome for result in found)
        names = dict.fromkeys(("failed", "passed", "skipped", *sorted(outcomes)))
        counts = ", ".join(f"{outcomes[name]} {name}" for name in names if outcomes[name])
        yield f"- {_fenced(folder)}: {migrations} migration{'s' if migrations > 1 else ''}, {counts}"


def _details(title: str, headline: str, text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}\n... and {len(text) - _LONGEST_TEXT} more characters"
    fence = "`" * max(3, _longest_backticks(text) + 1)
    # A blank line ends what is HTML; without one the fence would be shown as it is.
    return (
        f"<details><summary><code>{escape(title)}</code> {escape(headline)}</summary>\n\n"
        f"{fence}text\n{text}\n{fence}\n\n</details>\n"
    )


def _fenced(name: str) -> str:
    """The name as code in a line."""
    fence = "`" * (_longest_backticks(name) + 1)
    blank = " " if "`" in name else ""
    return f"{fence}{blank}{name}{blank}{fence}"


def _longest_backticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _size(text: str) -> int:
    return len(text.encode(errors="backslashreplace"))
