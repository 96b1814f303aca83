"""Versioned, undo, repeatable and baseline migrations, told by their names: ``V1__name.sql`` (Flyway).

As Flyway 13 reads them (flyway-core: ResourceNameParser.java, MigrationVersion.java, FileSystemScanner.java,
MigrationInfoImpl.java): files are looked for at any depth, hidden folders aside. What stands between the letter and the
first ``__`` is the version, whose parts are separated by ``.`` or ``_`` and compared as numbers. Versioned migrations
are applied in that order, then repeatable ones in the order of their descriptions. On an empty database, which is what
we prove on, the newest baseline stands for all versions up to its own. ``U1__name.sql`` undoes ``V1__name.sql``.

Each script is a transaction of its own, unless its ``.conf`` says otherwise. Flyway refuses a script that mixes
statements which can be in a transaction with such as cannot; here it is run.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.formats.flyway.placeholders import Placeholders
from pytest_migrations.formats.flyway.settings import common_settings, script_settings
from pytest_migrations.formats.flyway.writing import write
from pytest_migrations.formats.flyway_or_refinery import Owner, candidates, owner_of
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.order import among, some, untaken
from pytest_migrations.migration import Migration, Problem, Script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_migrations.formats.flyway.settings import ScriptSettings
    from pytest_migrations.formats.reading.folder import Folder

_VERSIONED = re.compile(
    r"(?P<letter>[VUB])(?P<version>[0-9]+(?:[._][0-9]+)*)(?:__(?P<description>.*))?\.(?i:sql)", re.DOTALL
)
_REPEATABLE = re.compile(r"(?P<letter>R)(?:__(?P<description>.*))?\.(?i:sql)", re.DOTALL)
_EXPECTED = "V1.2__name.sql, U1.2__name.sql, B1.2__name.sql or R__name.sql (a capital letter, two underscores)"
_COMMAND = r"(?:Clean|Migrate|Undo|Validate|Baseline|Repair|Info|Each(?:Migrate|Undo)(?:Statement)?)"
#: The ids of Event.java, alone or with a description.
_CALLBACK = re.compile(
    rf"(?:before{_COMMAND}|after{_COMMAND}(?:Error)?|(?:before|after)Connect|beforeRepeatables|afterVersioned"
    r"|afterMigrateApplied|after(?:Migrate|Info)OperationFinish|(?:beforeC|c)reateSchema)(?:__.*)?\.(?i:sql)",
    re.DOTALL,
)
_NOT_SQL = re.compile(r"(?:[VB][0-9][0-9._]*|R)__.*\.(?:java|kt|scala|groovy|class|sh|bash|ps1|bat|cmd|py)")


class _File(NamedTuple):
    name: str
    letter: str
    version: str
    #: The parts of the version without zeros at its end, so that 1.0 is 1.
    number: tuple[int, ...]
    description: str


def _evidence(folder: Folder) -> list[str]:
    names = candidates(folder)
    return names if names and owner_of(folder) is not Owner.REFINERY else []


def _read(folder: Folder) -> Reading:
    common = common_settings(folder.path)
    placeholders = Placeholders(folder, common)
    files = [file for name in folder.deep_files if (file := _file(name))]
    settings = {file.name: script_settings(folder, file.name, common, placeholders.filled) for file in files}

    def script(file: _File) -> Script:
        return _script(folder, file, settings[file.name], placeholders)

    running = [file for file in files if settings[file.name].runs]
    undos = {file.number: file for file in running if file.letter == "U"}
    migrations = []
    for file in _on_an_empty_database(running):
        undo = undos.get(file.number) if file.letter == "V" else None
        migrations.append(
            Migration(
                file.version,
                file.name,
                script(file),
                script(undo) if undo else None,
                repeatable=file.letter == "R",
                known_as=_known_as(file),
                is_baseline=file.letter == "B",
            )
        )
    callbacks = [name for name in folder.deep_files if _CALLBACK.fullmatch(PurePosixPath(name).name)]
    problems = [
        *_duplicates(folder, files),
        *_orphans(folder, files),
        *untaken(folder, [*settings, *callbacks], _EXPECTED, among=folder.deep_files),
    ]
    below_baseline = _below_baseline(running)
    left_out = {
        "shouldExecute=false: not run": [file.name for file in files if file not in running],
        "not run on an empty database, where a baseline stands for them": [file.name for file in below_baseline],
        "callbacks are not run": callbacks,
    }
    notes = [f"{why}: {some(names)}" for why, names in left_out.items() if names]
    if owner_of(folder) is Owner.EITHER:
        notes.append("these names are Flyway's and refinery's alike, and both would run them like this")
    superseded = [_not_run(folder, file) for file in below_baseline]
    places = [_place(file) for file in _on_an_empty_database(running)]
    return Reading(migrations, problems, notes, superseded=superseded, in_code=among(_not_sql(folder), places))


def _file(name: str) -> _File | None:
    base = PurePosixPath(name).name
    if match := _VERSIONED.fullmatch(base):
        version = match["version"].replace("_", ".")
        parts = [int(part) for part in version.split(".")]
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        return _File(name, match["letter"], version, tuple(parts), _description(match))
    if match := _REPEATABLE.fullmatch(base):
        return _File(name, match["letter"], _description(match), (), _description(match))
    return None


def _description(match: re.Match[str]) -> str:
    return (match["description"] or "").replace("_", " ")


def _on_an_empty_database(files: Sequence[_File]) -> list[_File]:
    """What Flyway applies to one, in its order."""
    baseline = _newest_baseline(files)
    versioned = sorted((file for file in files if file.letter == "V"), key=lambda file: (file.number, file.name))
    repeatable = sorted((file for file in files if file.letter == "R"), key=lambda file: (file.description, file.name))
    if baseline is None:
        return [*versioned, *repeatable]
    return [baseline, *(file for file in versioned if file.number > baseline.number), *repeatable]


def _newest_baseline(files: Sequence[_File]) -> _File | None:
    return max((file for file in files if file.letter == "B"), key=lambda file: file.number, default=None)


def _script(folder: Folder, file: _File, settings: ScriptSettings, placeholders: Placeholders) -> Script:
    path, source = folder.path / file.name, folder.text(file.name)
    text = placeholders.filled(path, source) if settings.replaces else source
    return Script(path, source, text, transactional=settings.transactional)


def _duplicates(folder: Folder, files: Sequence[_File]) -> Iterator[Problem]:
    def identity(file: _File) -> tuple[str, tuple[int, ...], str]:
        return file.letter, file.number, file.description if file.letter == "R" else ""

    for _, group in groupby(sorted(files, key=lambda file: (identity(file), file.name)), key=identity):
        first, *others = group
        what = "description" if first.letter == "R" else "version"
        for other in others:
            yield Problem(
                folder.path / other.name,
                f"{other.name} has the {what} {other.version}, and so has {first.name}: Flyway refuses such a folder. "
                f"Give one of them a {what} of its own.",
            )


def _orphans(folder: Folder, files: Sequence[_File]) -> Iterator[Problem]:
    versions = {file.number for file in files if file.letter == "V"}
    for file in files:
        if file.letter == "U" and file.number not in versions:
            yield Problem(
                folder.path / file.name,
                f"{file.name} undoes nothing: there is no V{file.version}__name.sql. Add that file, or delete this one "
                "(or say --migrations-format=refinery, where it is a migration of its own).",
            )


def _below_baseline(files: Sequence[_File]) -> list[_File]:
    baseline = _newest_baseline(files)
    if baseline is None:
        return []
    return [file for file in files if file.letter in "VB" and file.number <= baseline.number and file != baseline]


def _not_run(folder: Folder, file: _File) -> Migration:
    """What is only looked at: its placeholders need no values, and its text may be in any encoding."""
    text = folder.data(file.name).decode(errors="replace")
    script = Script(folder.path / file.name, text, text)
    return Migration(file.version, file.name, script, known_as=_known_as(file))


def _known_as(file: _File) -> str:
    """Flyway finds a file in any folder below."""
    return PurePosixPath(file.name).name


def _place(file: _File) -> tuple[Any, ...]:
    """What says where it comes in the order."""
    return (file.letter == "R", file.number or file.description)


def _not_sql(folder: Folder) -> dict[Path, tuple[Any, ...]]:
    """Those in the folder, and in the one of the same name that Maven and Gradle have for code, with their places."""
    steps = folder.path.parts
    places = [
        Path(*(language if step == "resources" else step for step in steps))
        for language in ("java", "kotlin", "scala")
        if "resources" in steps
    ]
    beside = [file for place in places for file in sorted(place.glob("*__*"))]
    paths = [*(folder.path / name for name in folder.other_files), *beside]
    named = {path: _file(f"{path.stem}.sql") for path in paths if _NOT_SQL.fullmatch(path.name)}
    return {path: _place(file) for path, file in named.items() if file is not None}


FLYWAY = Format(
    name="flyway",
    looks_like="V1__name.sql, with U1__name.sql, R__name.sql or B1__name.sql beside it (Flyway)",
    evidence=_evidence,
    read=_read,
    write=write,
    has_placeholders=True,
)
