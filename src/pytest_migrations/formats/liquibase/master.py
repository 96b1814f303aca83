"""Liquibase's changelogs in XML, YAML and JSON, as far as they say which files run and in which order.

``include`` and ``includeAll`` are followed (DatabaseChangeLog.java of Liquibase 5) and properties are kept. Changesets
written there are counted: they are no SQL. Of YAML only plain ``key: value`` lines are read.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats.reading.json_file import parsed
from pytest_migrations.migration import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_migrations.formats.reading.folder import Folder

_EXTENSIONS = (".xml", ".yaml", ".yml", ".json")
_KINDS = ("include", "includeAll", "property", "changeSet")
_YAML_LINE = re.compile(r"[\s-]*(?P<key>\w+)\s*:(?P<value>[^#]*)(?:#.*)?")
_YAML_PAIR = re.compile(r"(?P<key>\w+)\s*:\s*(?P<value>[^,{}]+)")


@dataclass
class Master:
    """What the changelogs of a folder say together."""

    folder: Folder
    #: The formatted SQL that runs, in its order.
    files: list[str] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    #: The changelogs that were read, and how many changesets are written in each.
    changesets: dict[str, int] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        return [
            f"Changesets in {name} that are not SQL are left out: {count}."
            for name, count in self.changesets.items()
            if count
        ]

    def follow(self, name: str) -> None:
        """Take all that a changelog names, and what those name in turn."""
        if name in self.changesets:
            return
        self.changesets[name] = 0
        for kind, values in _steps(self.folder, name):
            if kind == "property" and "name" in values:
                self.properties.setdefault(values["name"], values.get("value", ""))
            elif kind == "changeSet":
                self.changesets[name] += 1
            elif kind == "include" and "file" in values:
                self._include(name, values["file"])
            elif kind == "includeAll" and "path" in values:
                self._include_all(name, values["path"])

    def _include(self, changelog: str, path: str) -> None:
        file = _found(self.folder, changelog, path)
        if not file:
            self.problems.append(
                Problem(
                    self.folder.path / changelog,
                    f"{changelog} includes {path}, which is not in this folder and so is not run here: add the file, "
                    "or name the folder that holds all of them in --migrations-dir.",
                )
            )
        elif not file.lower().endswith(".sql"):
            self.follow(file)
        elif file not in self.files:
            self.files.append(file)

    def _include_all(self, changelog: str, path: str) -> None:
        below = _found(self.folder, changelog, path.rstrip("/"))
        files = sorted((self.folder.path / below).rglob("*")) if below else []
        for file in files:
            if file.suffix.lower() in (".sql", *_EXTENSIONS) and file.is_file():
                self._include("", file.relative_to(self.folder.path).as_posix())


def changelogs(folder: Folder, names: Iterable[str]) -> list[str]:
    """Those of some files that are changelogs, but not SQL."""
    return [name for name in names if name.lower().endswith(_EXTENSIONS) and b"databaseChangeLog" in folder.data(name)]


def master_of(folder: Folder) -> Master | None:
    """What the changelogs that lie highest in the folder say, if they name files to run; None where none does."""
    deep = (path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*") if path.is_file())
    names = sorted(changelogs(folder, deep), key=lambda name: (name.count("/"), name))
    highest = [name for name in names if name.count("/") == names[0].count("/")]
    steps = {name: _steps(folder, name) for name in highest}
    included = {_found(folder, name, values.get("file", "")) for name, said in steps.items() for _, values in said}
    master = Master(folder)
    for name in steps:
        if name not in included:
            master.follow(name)
    return master if master.files or master.problems else None


def _steps(folder: Folder, name: str) -> Sequence[tuple[str, Mapping[str, str]]]:
    if name.lower().endswith(".json"):
        return _json_steps(folder, name)
    return _xml_steps(folder, name) if name.lower().endswith(".xml") else _yaml_steps(folder.text(name))


def _json_steps(folder: Folder, name: str) -> Sequence[tuple[str, Mapping[str, str]]]:
    content = parsed(folder, name)
    listed = content.get("databaseChangeLog") if isinstance(content, dict) else None
    return [
        (kind, {key: str(value) for key, value in values.items()})
        for step in listed or ()
        if isinstance(step, dict)
        for kind, values in step.items()
        if isinstance(values, dict)
    ]


def _xml_steps(folder: Folder, name: str) -> Sequence[tuple[str, Mapping[str, str]]]:
    try:
        root = ElementTree.fromstring(folder.data(name))  # noqa: S314 (the user's own files)
    except ElementTree.ParseError as error:
        raise UserError(
            f"{display_path(folder.path / name)} is no XML: {error}. Mend it, as Liquibase cannot read it either."
        ) from None
    return [(element.tag.rpartition("}")[2], element.attrib) for element in root]


def _yaml_steps(text: str) -> Sequence[tuple[str, Mapping[str, str]]]:
    steps: list[tuple[str, dict[str, str]]] = []
    for line in text.splitlines():
        match = _YAML_LINE.fullmatch(line)
        if match and match["key"] in _KINDS:
            steps.append(
                (match["key"], {pair["key"]: _plain(pair["value"]) for pair in _YAML_PAIR.finditer(match["value"])})
            )
        elif match and steps:
            steps[-1][1].setdefault(match["key"], _plain(match["value"]))
    return steps


def _plain(value: str) -> str:
    return value.strip().strip("'\"")


def _found(folder: Folder, changelog: str, path: str) -> str:
    """The name below the folder of what a changelog names from itself, or from a root that lies above the folder."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(changelog), path))
    steps = path.removeprefix("classpath:").strip("/").split("/")
    for name in [beside, *("/".join(steps[start:]) for start in range(len(steps)))]:
        if name.strip("./") and not name.startswith("../") and (folder.path / name).exists():
            return name
    return ""
