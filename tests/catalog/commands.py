"""One statement of every form of CREATE, ALTER, COMMENT and GRANT, by chapter of PostgreSQL's reference.

They are in the folder beside this module. Each line is one change to what the lines before it made. A line may end with
``-- from N`` (server version). Lines before ``-- changes`` only set the stage.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "statements"
CHAPTERS = ("tables", "indexes_and_views", "routines_and_types", "the_rest")


def chapter(name: str, version: int) -> tuple[list[str], list[str]]:
    """What sets the stage, and the changes that this server version knows."""
    stage, _, changes = (_FOLDER / f"{name}.sql").read_text().partition("-- changes\n")
    return _lines(stage, version), _lines(changes, version)


def _lines(text: str, version: int) -> list[str]:
    found = []
    for line in text.strip().splitlines():
        statement, _, condition = line.partition(" -- ")
        if not condition or version >= int(condition.removeprefix("from ")):
            found.append(statement)
    return found
