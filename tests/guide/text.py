"""MIGRATION_GUIDE.md, taken apart: chapters, sections, blocks, and the commands in them."""

from __future__ import annotations

import re
import shlex
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "MIGRATION_GUIDE.md").read_text()


def _parts(text: str, mark: str) -> dict[str, str]:
    parts = re.split(rf"^{mark} ", text, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


CHAPTERS = _parts(GUIDE, "##")


def sections(chapter: str) -> dict[str, str]:
    """The sections of a chapter by their headings."""
    return _parts(CHAPTERS[chapter], "###")


def blocks(text: str, language: str) -> list[str]:
    """What is fenced as of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(block: str) -> Iterator[list[str]]:
    """The commands of a block for a shell, each with its words; quotes may go over several lines."""
    command = ""
    for line in block.splitlines():
        command += line + "\n"
        try:
            words = shlex.split(command, comments=True)
        except ValueError:  # the quotation has no end yet
            continue
        if words:
            yield words
        command = ""


def our_commands() -> Iterator[list[str]]:
    """All of ``pytest-migrations`` that the guide names: in blocks, in indented lines, in quotes within the text."""
    fenced = re.findall(r"^```(?:sh|yaml)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^    (pytest-migrations .*)$", GUIDE, re.MULTILINE)
    quoted = re.findall(r"`(pytest-migrations [^`]*)`", GUIDE)
    lines = [line for block in fenced for line in textwrap.dedent(block).splitlines()]
    for line in (*lines, *indented, *(" ".join(text.split()) for text in quoted)):
        if match := re.match(r"\s*(?:- )?(?:run: )?(pytest-migrations .*)", line):
            yield shlex.split(match[1], comments=True)
