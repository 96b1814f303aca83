"""Liquibase's formatted SQL: ``--changeset author:id`` and ``--rollback`` in files that say so in their first line.

Each changeset is a migration. The order is that of the changelog in XML, YAML or JSON that includes the files, or else
that of ``includeAll``: all files at any depth by their path, as text. Where a changelog includes a file without that
first line, the file is one changeset. Contexts, labels and preconditions are not asked: all changesets run.
``--rollback empty`` and ``--rollback not required`` say that there is no way back, and so there is none here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.liquibase.cuts import cut_body
from pytest_migrations.formats.liquibase.file import LiquibaseFile, attribute
from pytest_migrations.formats.liquibase.master import Master, changelogs, master_of
from pytest_migrations.formats.reading.delimiters import with_semicolons
from pytest_migrations.formats.reading.folder import is_seed, place_in
from pytest_migrations.formats.reading.placeholders import filled_in
from pytest_migrations.formats.writing.draft import by_its_tool
from pytest_migrations.migration import Migration, Order, Problem, Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.formats.liquibase.file import Changeset
    from pytest_migrations.formats.reading.folder import Folder

_HEADER = re.compile(rb"\A\s*--\s*liquibase\s*formatted", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\$\{\s*(?P<name>[^\s:${}][^${}]*?)\s*\}")
_PROPERTY = re.compile(r"(?=.*name:\s*(?P<name>\S+))(?=.*value:\s*(?P<value>\S+))", re.IGNORECASE)
_NO_WAY_BACK = re.compile(r"\s*(?:not required|empty)", re.IGNORECASE)
_REFERENCE = re.compile(r"changeset(?P<what>Id|Author|Path):(?P<value>\S+)", re.IGNORECASE)
#: Liquibase ends a statement at these too, unless the changeset names another delimiter.
_GO_OR_SLASH = r"^(?:go|/)[ \t]*$"

#: Neither is refused where its text has changed (ValidatingVisitor.java).
_RUN_AGAIN = ("runOnChange", "runAlways")

_NOT_ASKED = "Preconditions, contexts and labels are not asked: the changesets that have some run"
_OTHER_DATABASES = "Changesets for other databases are left out"
_IGNORED = "Changesets that say ignore:true are left out"
_WITHOUT_WAY_BACK = "Changesets that say that they need no rollback have none here"


def _formatted(folder: Folder) -> list[str]:
    return [name for name in folder.deep_files if _HEADER.match(folder.data(name))]


def _evidence(folder: Folder) -> list[str]:
    return [*_formatted(folder), *changelogs(folder, folder.other_files)]


def _read(folder: Folder) -> Reading:
    master = master_of(folder)
    reading = _Reader(folder, master).read()
    names = changelogs(folder, folder.other_files)
    # What sqlFile names is plain SQL, even where its first line looks otherwise.
    plain = master is None and any(b"sqlFile" in folder.data(name) for name in names)
    if names and (plain or not reading.migrations):
        raise UserError(
            f"{display_path(folder.path / names[0])}: the changesets of this changelog are not written in SQL, or not "
            "in this folder. Only formatted SQL can be proved here: `liquibase update-sql` prints what others do."
        )
    return reading


@dataclass
class _Reader:
    """What was found so far: changesets refer to those before them."""

    folder: Folder
    master: Master | None
    properties: dict[str, str] = field(default_factory=dict)
    migrations: dict[str, Migration] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    #: By what is to be said of them, the names of changesets.
    told: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def read(self) -> Reading:
        formatted = _formatted(self.folder)
        self.properties = {**(self.master.properties if self.master else {}), **self.folder.placeholders}
        for name in self.master.files if self.master else formatted:
            if name in formatted:
                self._file(name)
            else:
                self.migrations[name] = Migration("raw", name, self._filled(self.folder.script(name)))
        notes = [f"{what}: {len(names)}, {names[0]} first." for what, names in self.told.items()]
        problems = [*(self.master.problems if self.master else ()), *self.problems, *self._not_run(formatted)]
        notes = [*(self.master.notes if self.master else ()), *notes]
        return Reading(list(self.migrations.values()), problems, notes, order=Order.LIST)

    def _file(self, name: str) -> None:
        file = LiquibaseFile(self.folder.path / name, self.folder.text(name)).parsed()
        self.problems += file.problems
        for line in file.properties:
            if (match := _PROPERTY.match(line)) and _runs_on_postgresql(attribute(line, "dbms")):
                self.properties.setdefault(match["name"], match["value"])
        for changeset in file.changesets:
            self._changeset(name, file, changeset)

    def _changeset(self, file_name: str, file: LiquibaseFile, changeset: Changeset) -> None:
        name = f"{file_name}::{changeset.name}"
        if not _runs_on_postgresql(changeset.attribute("dbms")):
            self.told[_OTHER_DATABASES].append(name)
        elif changeset.attribute("ignore").lower() == "true":
            self.told[_IGNORED].append(name)
        elif name in self.migrations:
            place = place_in(file.path, file.source, changeset.offset)
            what = f"Liquibase refuses this changeset, since another of this file is called {changeset.name}."
            self.problems.append(Problem(file.path, f"{place}: {what}\n{place.excerpt()}\nGive it an id of its own."))
        else:
            if changeset.has_preconditions or any(map(changeset.attribute, ("context", "contextFilter", "labels"))):
                self.told[_NOT_ASKED].append(name)
            up = self._up(file, changeset)
            down = self._down(name, file, changeset)
            path = changeset.attribute("logicalFilePath") or file.logical_path or file_name
            self.migrations[name] = Migration(
                changeset.id,
                name,
                up,
                down,
                part=changeset.name,
                repeatable="true" in (changeset.attribute(kind).lower() for kind in _RUN_AGAIN),
                known_as=f"{path}::{changeset.name}",
                may_be_edited=changeset.may_be_edited,
            )

    def _up(self, file: LiquibaseFile, changeset: Changeset) -> Script:
        script = self._script(file, changeset, changeset.up)
        return self._delimited(script, changeset.attribute("splitStatements"), changeset.attribute("endDelimiter"))

    def _down(self, name: str, file: LiquibaseFile, changeset: Changeset) -> Script | None:
        written = "\n".join(changeset.down.values())
        if _NO_WAY_BACK.match(written):
            self.told[_WITHOUT_WAY_BACK].append(name)
        elif "changesetid" in written.lower():
            return self._referred_to(file, changeset, written)
        elif written.strip():
            script = replace(self._script(file, changeset, changeset.down), indent=changeset.indent)
            split, delimiter = (
                changeset.attribute("rollbackSplitStatements"),
                changeset.attribute("rollbackEndDelimiter"),
            )
            return self._delimited(script, split, delimiter)
        return None

    def _referred_to(self, file: LiquibaseFile, changeset: Changeset, written: str) -> Script:
        """The SQL of another changeset, which a rollback runs again."""
        found = {match["what"].lower(): match["value"] for match in _REFERENCE.finditer(written)}
        path, part = found.get("path", file.path.as_posix()), f"{found.get('author')}:{found.get('id')}"
        for migration in self.migrations.values():
            if migration.part == part and migration.path.as_posix().endswith(path):
                return migration.up
        place = place_in(file.path, file.source, changeset.offset)
        raise UserError(
            f"{place}: this changeset's rollback is that of the changeset {part}, but there is none above it\n"
            f"{place.excerpt()}\nWrite --rollback changesetId:... changesetAuthor:... of one above, and also "
            "changesetPath:... where that is in another file."
        )

    def _script(self, file: LiquibaseFile, changeset: Changeset, lines: dict[int, str]) -> Script:
        text = "\n".join(lines.get(number, "") for number in range(max(lines, default=0) + 1))
        transactional = changeset.attribute("runInTransaction").lower() != "false"
        return self._filled(Script(file.path, file.source, text, transactional=transactional))

    def _delimited(self, script: Script, split: str, delimiter: str) -> Script:
        if split.lower() == "false":
            return script
        if not delimiter and (cut := cut_body(script.text)) is not None:
            place = script.place(cut)
            self.problems.append(
                Problem(
                    script.path,
                    f"{place}: Liquibase, which knows no $$, cuts this body at a ; in it.\n{place.excerpt()}\n"
                    "Give its changeset splitStatements:false (or rollbackSplitStatements:false), or an endDelimiter.",
                )
            )
        return replace(script, text=with_semicolons(script.text, _pattern(delimiter)))

    def _filled(self, script: Script) -> Script:
        return replace(script, text=filled_in(script, _PLACEHOLDER, self.properties))

    def _not_run(self, formatted: list[str]) -> Iterator[Problem]:
        if self.master:
            names = [name for name in formatted if name not in self.master.files]
            why = f"no changelog includes it ({', '.join(self.master.changesets)}): include it"
        else:
            names = [name for name in self.folder.deep_files if name not in formatted and not is_seed(name)]
            why = "its first line is not '--liquibase formatted sql': add that and a --changeset"
        for name in names:
            yield Problem(self.folder.path / name, f"{name} is not run, since {why}, or move it out of this folder.")


def _runs_on_postgresql(databases: str) -> bool:
    """Whether a changeset with this ``dbms`` runs (DatabaseList.java)."""
    named = {name.strip() for name in databases.lower().split(",") if name.strip()}
    wanted = {name for name in named if not name.startswith("!")}
    if "all" in named or "none" in named:
        return "all" in named
    return "!postgresql" not in named and (not wanted or "postgresql" in wanted)


def _pattern(delimiter: str) -> str:
    """What ends a statement, as a regular expression, which it is already where it has a backslash."""
    if delimiter in ("", "/"):
        return r"^/(?!\*)" if delimiter else _GO_OR_SLASH
    try:
        re.compile(delimiter)
    except re.error:
        return re.escape(delimiter)
    if re.fullmatch(r"\w+", delimiter):
        return rf"\b{delimiter}\b"
    return delimiter if "\\" in delimiter else re.escape(delimiter)


LIQUIBASE = Format(
    name="liquibase",
    looks_like="files that begin with '--liquibase formatted sql' (Liquibase)",
    evidence=_evidence,
    read=_read,
    write=by_its_tool(
        "A new changeset of Liquibase goes into a file that its changelog includes: choose one, and write there."
    ),
    has_placeholders=True,
)
