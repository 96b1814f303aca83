"""The plan of a Sqitch project: its changes in the order in which they are deployed.

As Sqitch 1.6 reads it (lib/App/Sqitch: Plan.pm, Plan/Depend.pm, Plan/Change.pm): pragmas up to the first blank line,
then a change or a tag a line. A change that comes again later was reworked: its earlier version is in a file named
after the tag between the two.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_migrations.formats.reading.folder import mistake, place_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PUNCTUATION = r"""[-!"#$%&'()*+,./:;<=>?@\[\\\]^`{|}~]"""
_WORD = (
    rf"(?!{_PUNCTUATION})(?:(?![~/=%^\[\]][0-9]+(?:$|[ \t]))[^\s:@#\\])+(?<!{_PUNCTUATION})\b"  # $name_re of Plan.pm
)
_PRAGMA = re.compile(r"[ \t]*%[ \t]*(?P<name>[\w-]+)[ \t]*(?:=[ \t]*(?P<value>.+))?")
_LINE = re.compile(
    rf"[ \t]*(?:(?P<tag>@)|[+]?[ \t]*)(?P<name>(?!(?:ROOT|HEAD)[ \t]){_WORD})[ \t]+"
    r"(?:\[(?P<dependencies>[^\]]+)\][ \t]*)?"
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z[ \t]*[^<]+[ \t]+<[^>]+>"
)
_DEPENDENCY = re.compile(
    rf"(?P<conflicts>!?)(?:(?P<project>{_WORD}):)?(?:(?P<id>[0-9a-f]{{40}})|(?P<change>(?:{_WORD})?(?:@{_WORD})?))"
)
_NOTE = re.compile(r"[ \t]*#.*")
_EXAMPLE = (
    "A line is a change or a tag:\n\n"
    "    users [appschema !old_users] 2024-01-31T12:00:00Z Name <name@example.com> # why\n"
    "    @v1.0 2024-01-31T12:00:00Z Name <name@example.com>"
)


@dataclass
class Change:
    """One line of the plan."""

    name: str
    line: int
    #: How many changes of the same name stand before it: each is the one that reworks the last.
    rework: int = 0
    #: Names of changes, of tags (``@v1``), or of a change at a tag (``users@v1``); no ``!`` before them.
    requires: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    #: What other projects are asked for: ``project:change``.
    foreign: list[str] = field(default_factory=list)
    #: The tags behind it, up to the next change.
    tags: list[str] = field(default_factory=list)


def read_plan(path: Path, text: str) -> list[Change]:
    """The changes of a plan in order.

    :raises UserError: for a line that Sqitch does not understand.
    """
    changes: list[Change] = []
    tags: set[str] = set()
    planned: Counter[str] = Counter()
    header, project, offset = True, "", 0
    for full in text.split("\n"):
        line = _NOTE.sub("", full.rstrip("\r"), count=1).rstrip(" \t")
        start = offset + len(line) - len(line.lstrip())
        offset += len(full) + 1
        if not line:
            header = header and full.lstrip().startswith("#")
        elif header:
            if (pragma := _PRAGMA.fullmatch(line)) is None:
                raise mistake(path, text, start, "this is no pragma", "Leave a blank line behind the pragmas.")
            project = pragma["value"] if pragma["name"] == "project" else project
        elif (match := _LINE.fullmatch(line)) is None:
            raise mistake(path, text, start, "Sqitch does not understand this line", _EXAMPLE)
        elif not match["tag"]:
            changes.append(_change(path, text, start, match, project))
            changes[-1].rework = planned[match["name"]]
            planned[match["name"]] += 1
        elif not changes or match["dependencies"] or match["name"] in tags:
            what = "a tag stands behind a change, requires nothing and is given once"
            raise mistake(path, text, start, what, _EXAMPLE)
        else:
            tags.add(match["name"])
            changes[-1].tags.append(match["name"])
    if not project:
        raise mistake(path, text, 0, "the plan does not name its project", "Begin it with a line %project=name.")
    return changes


def _change(path: Path, text: str, start: int, match: re.Match[str], project: str) -> Change:
    change = Change(match["name"], place_in(path, text, start).line)
    for word in (match["dependencies"] or "").split():
        dependency = _DEPENDENCY.fullmatch(word)
        if dependency is None or not (dependency["id"] or dependency["change"]):
            raise mistake(path, text, start, f"{word} is no dependency that Sqitch understands", _EXAMPLE)
        if dependency["id"] or dependency["project"] not in (None, project):
            change.foreign.append(word.removeprefix("!"))
        else:
            (change.conflicts if dependency["conflicts"] else change.requires).append(dependency["change"])
    return change


def file_stems(changes: list[Change]) -> Iterator[list[str]]:
    """For each change the names that its files may have, the likeliest first.

    The last version of a change is called by its name, an earlier one by that and a tag between it and the next one
    (Change.pm takes the first for which there is a file).
    """
    for index, change in enumerate(changes):
        later = [other for other in range(index + 1, len(changes)) if changes[other].name == change.name]
        between = changes[index : later[0]] if later else []
        tags = [tag for other in reversed(between) for tag in other.tags]
        yield [f"{change.name}@{tag}" for tag in tags] or [change.name]
