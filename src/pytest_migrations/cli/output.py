"""What commands print: texts and tables for people, JSON for programs, errors to stderr."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from pytest_migrations.server.hiding import hide_in_dsns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: What the plugin's options are called here, where a message names one.
_OPTIONS = re.compile(r"--migrations-(?=(?:dir|format|server)\b)")
_WHERE_PLACEHOLDERS_ARE = "in the ini file, under migrations_placeholders"
_WHERE_OURS_ARE = "with --placeholder, or as placeholders in pyproject.toml"


def error(message: str) -> None:
    """Tell what went wrong, on stderr."""
    message = hide_in_dsns(message)
    try:
        click.echo(_OPTIONS.sub("--", message).replace(_WHERE_PLACEHOLDERS_ARE, _WHERE_OURS_ARE), err=True)
    except OSError as failure:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        _lost.append(failure)


def line(text: str = "") -> None:
    """Print a line; where nobody reads on, or the disk is full, what is under way goes on all the same."""
    try:
        click.echo(hide_in_dsns(text), color=False if _is_plain() else None)
    except OSError as failure:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(failure, BrokenPipeError):
            _lost.append(failure)
            error(f"The output cannot be written ({failure.strerror}); the command goes on without.")


def _is_plain() -> bool:
    """Whether colours are not wanted even in a terminal (no-color.org), or would be no colours there."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


#: Why the output could not be written, if that is so.
_lost: list[OSError] = []


def is_lost() -> bool:
    """Whether some of the output could not be written, so that whoever reads it has not all."""
    return bool(_lost)


def as_json(data: Any) -> None:
    """Print data for programs."""
    line(json.dumps(data, indent=2, default=str))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], colours: Mapping[str, str] | None = None) -> None:
    """Print columns, each as wide as its widest cell: nothing is cut, whatever the terminal.

    ``colours`` has colours for cells that hold a certain text.
    """
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    line(click.style("  ".join(map(str.ljust, headings, widths)).rstrip(), bold=True))
    known = colours or {}
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        cells[-1] = cells[-1].rstrip()
        coloured = [click.style(cell, fg=colour) if (colour := known.get(cell.rstrip())) else cell for cell in cells]
        line("  ".join(coloured).rstrip())


def in_terminal() -> bool:
    """Whether a person looks on: only then are there progress bars and questions."""
    return sys.stdout.isatty() and sys.stdin.isatty()


def took(seconds: float) -> str:
    """A duration for a reader: 12 ms, 1.84 s, 3 min 5 s."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def count(number: int, noun: str) -> str:
    """``1 migration``, ``2 migrations``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def size(count: float) -> str:
    """A number of bytes for a reader: 812 bytes, 4.1 MB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Show in a terminal that something is going on, for the time of the block."""
    if not in_terminal():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 (only a terminal needs it)

    with Console().status(text):
        yield
