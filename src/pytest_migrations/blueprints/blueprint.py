"""Templates of migrations: which there are, and drafts with a user's values in their places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.blueprints.values import Name, literal
from pytest_migrations.errors import UserError
from pytest_migrations.formats.ours.rollback_block import split_rollback
from pytest_migrations.formats.writing.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

EMPTY = "empty"
_PARAMETER = re.compile(r"-- (?P<name>\w+): (?P<kind>name|sql|text) = (?P<default>.+)")
_STEP = re.compile(r"^-- MIGRATION: (.+)\n", re.MULTILINE)
_NO_TRANSACTION = "-- No transaction\n"
#: Values whose defaults are more often right than not.
_USUAL = {"type", "key"}
_PLACE = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class Parameter:
    """A value that a template takes. A default may be made of other values: ``{table}_{column}_idx``."""

    name: str
    kind: str
    default: str

    @property
    def is_derived(self) -> bool:
        return _PLACE.search(self.default) is not None


@dataclass(frozen=True)
class Blueprint:
    """A template: one migration, or several that belong together."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    #: What each migration is called, if it is not the only one, and its text.
    steps: tuple[tuple[str, str], ...]

    def drafts(
        self, title: str, given: Mapping[str, str], moment: datetime, *, format_is_named: bool
    ) -> Iterator[Draft]:
        """Its migrations with the values that were given, and defaults for the others.

        :raises UserError: for a value that it does not take.
        """
        values = self._values(given)
        for step, text in self.steps:
            transactional = not text.startswith(_NO_TRANSACTION)
            filled = text.removeprefix(_NO_TRANSACTION).format_map(values)
            up, down = split_rollback(Path(f"{self.name}.sql"), filled)
            yield Draft(
                title=f"{title} {step}".rstrip(),
                up=f"{up.strip()}\n",
                down=f"{(down or '').strip()}\n",
                moment=moment,
                transactional=transactional,
                format_is_named=format_is_named,
            )

    def to_fill_in(self, given: Mapping[str, str]) -> list[str]:
        """The defaults that stand for something only the user knows."""
        return [p.default for p in self.parameters if not p.is_derived and p.name not in given and p.name not in _USUAL]

    def _values(self, given: Mapping[str, str]) -> dict[str, object]:
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                takes = f"It takes {', '.join(known)}." if known else "It takes none."
                raise UserError(f"The template {self.name} takes no value {name!r}. {takes}")
        values: dict[str, object] = {}
        for name, parameter in known.items():
            values[name] = _value(parameter, given.get(name), values)
        return values


def _value(parameter: Parameter, given: str | None, values: Mapping[str, object]) -> object:
    if given is None and parameter.is_derived:
        return Name.derived(
            _PLACE.sub(lambda place: _bare(values[place[0][1:-1]]), parameter.default),
        )
    text = parameter.default if given is None else given.strip()
    if not text:
        raise UserError(f"{parameter.name}= is empty: leave it out, or say what it is.")
    if len(text.splitlines()) > 1:  # it may stand in a comment, which would end there
        raise UserError(f"{parameter.name}= has several lines: write it in one, or into the file afterwards.")
    if parameter.kind == "name":
        return Name.parsed(text)
    return literal(text) if parameter.kind == "text" else text


def _bare(value: object) -> str:
    return value.last if isinstance(value, Name) else str(value)


def blueprints() -> list[Blueprint]:
    """All of them, the empty one first."""
    names = sorted(
        (entry.name.removesuffix(".sql") for entry in files(__package__).iterdir() if entry.name.endswith(".sql")),
        key=lambda name: (name != EMPTY, name),
    )
    return [_read(name) for name in names]


def blueprint(name: str) -> Blueprint:
    """The template of a name. Raises UserError where there is none."""
    known = {each.name: each for each in blueprints()}
    if name not in known:
        near = get_close_matches(name, known, 1, cutoff=0.5)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise UserError(f"There is no template {name!r}.{meant} There are {', '.join(known)}.")
    return known[name]


def _read(name: str) -> Blueprint:
    text = (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")
    header, _, body = text.partition("\n\n")
    summary, *lines = header.splitlines()
    parameters = [match for line in lines if (match := _PARAMETER.fullmatch(line))]
    assert len(parameters) == len(lines), f"{name}.sql: a line of its header is no parameter"
    first, *rest = _STEP.split(body)
    steps = tuple(zip(rest[::2], rest[1::2], strict=True)) or (("", first),)
    return Blueprint(
        name, summary.removeprefix("-- "), tuple(Parameter(**match.groupdict()) for match in parameters), steps
    )
