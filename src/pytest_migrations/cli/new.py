"""``pytest-migrations new``: the next migration, from a template."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from pytest_migrations.cli import output
from pytest_migrations.cli.options import FolderOptions, folder_options
from pytest_migrations.errors import display_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_migrations.blueprints.blueprint import Blueprint
    from pytest_migrations.blueprints.files import Written

#: What ``--template`` says by itself.
_WHICH = "?"


@click.command
@click.argument("name", required=False)
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--template",
    metavar="[TEMPLATE]",
    is_flag=False,
    flag_value=_WHICH,
    help="What to write; without one it lists them.",
)
@folder_options
def command(folder: FolderOptions, name: str | None, values: tuple[str, ...], template: str | None) -> None:
    """Write the next migration, in the format of the folder.

    NAME says what it is for ("add email to users"). KEY=VALUE are values for the template: table=users column=email.
    """
    from pytest_migrations.blueprints.blueprint import EMPTY, blueprint, blueprints  # noqa: PLC0415 (the grammar)
    from pytest_migrations.blueprints.files import write_drafts  # noqa: PLC0415 (as above)

    if template == _WHICH:
        _list(blueprints())
        return
    chosen, given = blueprint(template or EMPTY), dict(map(_assignment, values))
    now, is_named = datetime.now(timezone.utc), folder.format is not None
    drafts = chosen.drafts(_title(name), given, moment=now, format_is_named=is_named)
    _tell(write_drafts(folder.path, folder.format, drafts), chosen.to_fill_in(given))


def _title(name: str | None) -> str:
    """What was typed, in one line. It goes into a comment, so nothing in it may end that."""
    from pytest_migrations.formats.writing.draft import file_name  # noqa: PLC0415 (as above)

    if name is None or "=" in name or "://" in name:
        raise click.UsageError('Say what the migration is for: pytest-migrations new "add email to users"')
    title = "".join(character for character in " ".join(name.split()) if character.isprintable())
    if not file_name(title):
        raise click.UsageError(f"{name!r} has no letter or digit that a file could be called by.")
    return title


def _assignment(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{text!r} is no KEY=VALUE. A name of several words goes into quotes.")
    return key, value


def _list(known: Iterable[Blueprint]) -> None:
    rows = [(each.name, each.summary, " ".join(p.name for p in each.parameters)) for each in known]
    output.table(("template", "what it writes", "values"), rows)


def _tell(written: Written, to_fill_in: Iterable[str]) -> None:
    for path in written.paths:
        output.line(f"{display_path(path)} written ({written.format})")
    for note in written.notes:
        output.line(note)
    if names := ", ".join(to_fill_in):
        output.line(f"Put your own in the place of {names}.")
    output.line("Next: pytest-migrations test proves it, pytest-migrations run applies it.")
