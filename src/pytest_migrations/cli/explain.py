"""``pytest-migrations explain``: what a rule, a check or an error code means, and what to do."""

from __future__ import annotations

import textwrap

import click

from pytest_migrations.cli import output
from pytest_migrations.explanations import Topic, topic, topics

_WIDTH = 100


@click.command(short_help="What a rule, a check or an error code means.")
@click.argument("name", metavar="RULE|CHECK|SQLSTATE", required=False)
def command(name: str | None) -> None:
    """Explain a rule of validate (created-twice), a check (roundtrip) or an error code (42P01 or undefined_table).

    Without a name it lists them.
    """
    if name is None:
        output.table(
            ("kind", "name", "what it says"),
            [(each.kind, f"{each.name} {each.also}".rstrip(), each.headline) for each in topics()],
        )
    else:
        _show(topic(name))


def _show(told: Topic) -> None:
    click.secho(f"{told.name} {told.also}".rstrip(), bold=True, nl=False)
    output.line(f" ({told.kind})")
    for paragraph in filter(None, [told.headline, *told.text.split("\n\n")]):
        is_sql = paragraph.startswith(" ")
        output.line("\n" + (paragraph.rstrip() if is_sql else _wrapped(paragraph)))


def _wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)
