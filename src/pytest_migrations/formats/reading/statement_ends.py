"""Where goose and sql-migrate end a statement: at a ``;`` that is the last of its line, blind to quotes.

Both do it alike (goose began as a copy of sql-migrate's parser). We let PostgreSQL's grammar split the statements
instead, so what the tool would cut in two, or not send at all, is reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from pytest_migrations.formats.reading.folder import place_in
from pytest_migrations.migration import Problem
from pytest_migrations.sql.grammar import UnfinishedError, line_comments

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class StatementEnds:
    """The tool's state while it walks down the lines of a file; ``prefix`` is what its annotations begin with."""

    tool: str
    prefix: str
    path: Path
    source: str
    problems: list[Problem] = field(default_factory=list)
    #: Where the statement begins that has not ended yet.
    pending: int | None = None

    def take(self, line: str, offset: int, *, in_block: bool) -> None:
        """Go on to the next line; in a block nothing ends a statement."""
        if self.pending is None:
            self.pending = offset
        if not in_block and _ends_statement(line):
            self._check_whole(self.pending, offset + len(line))
            self.pending = None

    def check_ended(self, offset: int) -> None:
        """Report a statement that has not ended where its section does."""
        if self.pending is not None:
            place = place_in(self.path, self.source, self.pending)
            self._report(
                f"{place}: {self.tool} refuses this file, since this statement has no ; at the end of a line before "
                f"line {place_in(self.path, self.source, offset).line}.\n{place.excerpt()}"
            )
            self.pending = None

    def _check_whole(self, start: int, end: int) -> None:
        statement = self.source[start:end]
        if not ("$" in statement or "/*" in statement or statement.count("'") % 2):
            return
        try:
            any(line_comments(statement))
        except UnfinishedError as error:
            if "unterminated" in str(error):
                place = place_in(self.path, self.source, start)
                self._report(
                    f"{place}: {self.tool} cuts this statement at its first ; at the end of a line.\n"
                    f"{place.excerpt()}\n"
                    f"Put it between '{self.prefix} StatementBegin' and '{self.prefix} StatementEnd'."
                )

    def _report(self, message: str) -> None:
        self.problems.append(Problem(self.path, message))


def _ends_statement(line: str) -> bool:
    """Whether the tool sees a semicolon as the last thing of the line, a comment behind it aside."""
    words = list(takewhile(lambda word: not word.startswith("--"), line.split()))
    return bool(words) and words[-1].endswith(";")
