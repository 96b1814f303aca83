"""The file of failures that are accepted for now: a line for each test, below it indented what was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.errors import Place, UserError, display_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_HEAD = """\
# Failures of migrations that are accepted for now. A test that passes again has to leave, which
# pytest --migrations-update-baseline does: it writes this file.
"""
_WRITE_IT = "--migrations-update-baseline writes it."


def read_baseline(path: Path) -> dict[str, list[str]]:
    """The findings, by the id of the test.

    :raises UserError: where the file cannot be read, or a line of it is no id of a test.
    """
    accepted: dict[str, list[str]] = {}
    last = ""
    source = _text(path)
    for number, line in enumerate(source.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            accepted.setdefault(last, []).append(line.strip())
            continue
        last = line.rstrip()
        place = Place(path, number, 1, source)
        if "::" not in last:
            raise UserError.at(place, "this is no id of a test", f"Delete the line, or the file: {_WRITE_IT}")
        if last in accepted:
            raise UserError.at(place, "this test is listed twice", "Delete one of them.")
        accepted[last] = []
    if "" in accepted:
        raise UserError(f"{display_path(path)} begins with an indented line, which belongs to no test. Delete it.")
    return accepted


def write_baseline(path: Path, accepted: Mapping[str, Iterable[str]], order: Iterable[str]) -> None:
    """Write the tests in the order of ``order``, those it does not hold behind them.

    :raises UserError: where the file cannot be written.
    """
    ids = dict.fromkeys([*(known for known in order if known in accepted), *sorted(accepted)])
    lines = [line for known in ids for line in (known, *(f"    {finding}" for finding in accepted[known]))]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.unfinished")
        unfinished.write_text(_HEAD + "\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise UserError(f"{display_path(path)} cannot be written: {error.strerror}.") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"--migrations-baseline={display_path(path)}: there is no such file. {_WRITE_IT}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"--migrations-baseline={display_path(path)} cannot be read: {error}. Delete it: {_WRITE_IT}"
        ) from None
