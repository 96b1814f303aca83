"""What is wrong with the files of the folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.validate.finding import Finding, Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.validate.story import Story


def _find(story: Story) -> Iterator[Finding]:
    for problem in story.history.problems:
        names = (migration.name for migration in story.history if migration.path == problem.path)
        message, _, remedy = problem.message.partition(". ")  # it says what to do in sentences of its own
        yield Finding(
            FILES.id,
            FILES.severity,
            next(names, ""),
            message.removesuffix("."),
            remedy or FILES.remedy,
            path=problem.path,
        )
    for item in story.history.in_code:
        yield Finding(
            FILES.id,
            Severity.WARNING,
            "",
            f"{item.name} is not SQL: only the migrations' own tool ({story.history.format}) runs it",
            "What it does is not known here. Leave it to that tool: pytest-migrations run stops before it.",
            path=item.path,
        )


FILES = Rule(
    id="files",
    name="file that is not what its name says",
    severity=Severity.ERROR,
    what="Two files have one version, a file is of no migration, or is not SQL, or is sorted elsewhere than it reads.",
    why="The tool passes the file over, or applies it at another place than its author thinks.",
    remedy="Rename the file as the format wants it, or take it out of the folder.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "001_roles.sql": "CREATE TABLE roles (id bigint PRIMARY KEY);\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_roles.sql": "CREATE TABLE roles (id bigint PRIMARY KEY);\n",
    },
    find=_find,
)
