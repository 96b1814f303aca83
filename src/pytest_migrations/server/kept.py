"""``python -m pytest_migrations.server.kept RUN`` removes what ``--migrations-keep`` has kept of a run."""

from __future__ import annotations

import shlex
import sys

from pytest_migrations.errors import UserError
from pytest_migrations.server import ending


def removal(run_id: str) -> str:
    """The command that removes what was kept of a run."""
    return shlex.join([sys.executable, "-m", __spec__.name, run_id])


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m pytest_migrations.server.kept RUN", file=sys.stderr)  # noqa: T201
        return 2
    try:
        ended = ending.end_kept(arguments[0])
    except UserError as error:
        print(f"{error}\nIt is still kept: once that is mended, say\n{removal(arguments[0])}", file=sys.stderr)  # noqa: T201
        return 1
    if not ended:
        print(f"no run {arguments[0]} is kept on this machine by this user", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
