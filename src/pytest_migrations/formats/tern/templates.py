"""Templates in tern's migrations: ``{{.name}}`` and ``{{template "shared/x.sql" .}}``.

tern gives each script to Go's text/template, with the values of ``[data]`` in its tern.conf. Of that language these two
actions are known here, which most projects get by with; any other is refused. What is put in stands at the place of its
action, and what is included at its own place in its own file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.formats.reading.assembly import Part, part_of
from pytest_migrations.formats.reading.folder import mistake
from pytest_migrations.formats.reading.placeholders import no_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_migrations.errors import UserError
    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.migration import Script

_ACTION = re.compile(r"\{\{(?P<content>.*?)(?:\}\}|\Z)", re.DOTALL)
_VALUE = re.compile(r"\s*\.(?P<name>\w+)\s*")
_INCLUDE = re.compile(r'\s*template\s+"(?P<name>[^"]+)"\s+\.\s*')
_SECTION = re.compile(r"\[(?P<name>.*)\]")
_KNOWN = (
    '{{.name}} and {{template "folder/file.sql" .}} are filled in; tern knows more: write into the file what it would '
    "make of this. Braces that are SQL ('{{1,2},{3,4}}') need a blank between them, for tern as well."
)


class Templates:
    """Fills in the scripts of a folder."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._values = {**_data(folder), **folder.placeholders}

    def filled(self, file: Script, start: int, end: int, including: tuple[str, ...] = ()) -> Iterator[Part]:
        """The parts that tern makes of a file's text between two offsets; ``including``: the files this one is in.

        :raises UserError: for an action that is not known, a value that is not set, a file that is not there.
        """
        for action in _ACTION.finditer(file.text, start, end):
            yield part_of(file, start, action.start())
            yield from self._made_of(file, action, including)
            start = action.end()
        yield part_of(file, start, end)

    def _made_of(self, file: Script, action: re.Match[str], including: tuple[str, ...]) -> Iterator[Part]:
        def error(what: str, remedy: str) -> UserError:
            return mistake(file.path, file.source, action.start(), what, remedy)

        if not action.group().endswith("}}"):
            raise error("this action is never closed", "Close it with }}")
        if value := _VALUE.fullmatch(action["content"]):
            name = value["name"]
            if name not in self._values:
                or_else = ", or in the section [data] of tern.conf"
                raise no_value(file.place(action.start()), name, name, or_else)
            yield Part(self._values[name], file, action.start(), 0)
        elif include := _INCLUDE.fullmatch(action["content"]):
            name = include["name"]
            if "/" not in name or name not in self._folder.deep_files:
                raise error(f"there is no file {name} to include", "It is named by its path below the folder.")
            if name in including:
                raise error(f"{name} includes itself", "Take one of the includes out.")
            included = self._folder.script(name)
            yield from self.filled(included, 0, len(included.text), (*including, name))
        else:
            raise error("this action of Go's templates is not known here", _KNOWN)


def has_configuration(folder: Folder) -> bool:
    """Whether there is a tern.conf in the folder or beside it."""
    return bool(_configurations(folder))


def _configurations(folder: Folder) -> list[str]:
    return [name for name in ("tern.conf", "../tern.conf") if (folder.path / name).is_file()]


def _data(folder: Folder) -> Mapping[str, str]:
    """The section [data] of the first tern.conf; what is itself a template there is left out."""
    return {name: value for conf in _configurations(folder)[:1] for name, value in _assignments(folder.text(conf))}


def _assignments(conf: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in map(str.strip, conf.splitlines()):
        if header := _SECTION.fullmatch(line):
            section = header["name"]
        elif section == "data" and "=" in line and "{{" not in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()
