"""``--migrations-report``: files whose suffixes say what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.report import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_migrations.report.results import Results


def check_files(paths: Iterable[Path]) -> None:
    """Make sure that the files can be written, before a run is spent on them.

    :raises UserError: where one cannot.
    """
    for path in paths:
        if path.suffix.lower() not in KINDS:
            *most, last = KINDS
            raise UserError(
                f"--migrations-report={display_path(path)}: a report is a file that ends in "
                f"{', '.join(most)} or {last}."
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not path.exists()
            path.open("a").close()
            if is_new:
                path.unlink()  # what is empty is no report
        except OSError as error:
            raise UserError(
                f"--migrations-report={display_path(path)}: cannot be written: {error.strerror}. "
                "Name a file in a folder that you can write to."
            ) from None


def write(path: Path, results: Results) -> None:
    """Write the report that the suffix asks for.

    :raises OSError: where that is not possible any more.
    """
    # A name that is not UTF-8 is written as \udcXX.
    path.write_text(KINDS[path.suffix.lower()](results), encoding="utf-8", errors="backslashreplace")
