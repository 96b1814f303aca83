"""history: versions are unique, names well-formed, every rollback has its migration, the order is unambiguous.

It looks at the files and not at the server: two files of one version, a rollback without its migration, a name that the
tool of the format passes over, numbers whose order as text is another, checksums of the tool that do not fit.

Fails: 007_grants.sql beside 007_users.sql, or 8_users.sql in a folder whose tool would run 10_grants.sql before it.

Do: Rename the file, or move what is no migration out of the folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.checks.verdict import Verdict
from pytest_migrations.errors import Place, display_path

if TYPE_CHECKING:
    from pytest_migrations.migration import History

NAME = "history"
_MOST = 15


def judge(history: History) -> Verdict:
    if not history.problems:
        return Verdict("passed")
    lines = [f"  {display_path(problem.path)}: {problem.message}" for problem in history.problems]
    shown = lines[:_MOST] + ([f"  ... and {len(lines) - _MOST} more"] if len(lines) > _MOST else [])
    title = f"The folder {display_path(history.folder)} ({history.format}) has {len(lines)} problem"
    first = history.problems[0].path
    return Verdict.failed(
        "\n".join([f"{title}{'s' if len(lines) > 1 else ''}:", "", *shown]),
        place=Place(first, 1, 1, "") if first.is_file() else None,
        several=tuple(lines),
    )
