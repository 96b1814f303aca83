"""Files of yoyo: ``X.sql`` with ``X.rollback.sql`` beside it, in the order of their ``-- depends:``.

As yoyo-migrations 9.0 does it (yoyo/migrations.py, topologicalsort.py): files are sorted by name, and of those whose
dependencies are done the first comes next. ``-- depends:`` and ``-- transactional:`` count only in the comments that
begin the file, never in a rollback file, which shares what its migration says. A rollback runs in the order of its
file. Migrations in Python (``X.py``) and hooks (``post-apply*``) are left out. yoyo has its statements split by
sqlparse; we let PostgreSQL's grammar do it.
"""

from __future__ import annotations

import re
import secrets
import string
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.folder import place_in
from pytest_migrations.formats.reading.order import among, misleading_text_order, untaken, version_of
from pytest_migrations.formats.writing.draft import NewFiles
from pytest_migrations.formats.writing.versions import next_stem
from pytest_migrations.migration import Migration, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

_ROLLBACK = ".rollback.sql"
_HOOK = "post-apply"
_BY_YOYO = re.compile(r"(?P<day>[0-9]{8})_(?P<number>[0-9]{2})_\w{5}-")
_HEADER = re.compile(r"(?:[^\S\n]*(?:--[^\n]*)?(?:\n|\Z))*")
_DIRECTIVE = re.compile(
    r"^[ \t]*--[ \t]*(?P<name>transactional|depends)[ \t]*:[ \t]*(?P<value>[^\r\n]*)", re.MULTILINE | re.IGNORECASE
)


def _stems(folder: Folder) -> list[str]:
    """What yoyo calls the migrations in SQL."""
    return [
        name.removesuffix(".sql")
        for name in folder.files
        if name.endswith(".sql") and not name.endswith(_ROLLBACK) and not name.startswith(_HOOK)
    ]


def _in_python(folder: Folder) -> list[str]:
    return [
        name
        for name in folder.other_files
        if name.endswith(".py") and not name.startswith(_HOOK) and name != "__init__.py"
    ]


def _evidence(folder: Folder) -> list[str]:
    stems, files = _stems(folder), set(folder.files)
    known = {*stems, *(name.removesuffix(".py") for name in _in_python(folder))}
    return [f"{stem}.sql" for stem in stems if f"{stem}{_ROLLBACK}" in files or _names_its_kind(folder, stem, known)]


def _names_its_kind(folder: Folder, stem: str, known: set[str]) -> bool:
    """Whether the file has a ``-- depends:`` that names files of the folder (or none, as the first of all has it)."""
    data = folder.data(f"{stem}.sql")
    return b"depends" in data and any(
        name == "depends" and known.issuperset(value.split())
        for name, value, _ in _directives(data.decode(errors="replace"))
    )


def _read(folder: Folder) -> Reading:
    stems = _stems(folder)
    python = _in_python(folder)
    depends = {stem: _dependencies(folder, stem) for stem in stems}
    migrations = [_migration(folder, stem, depends[stem]) for stem in _in_order(folder, depends)]
    problems = [
        *(problem for stem in stems for problem in _bad_directives(folder, f"{stem}.sql")),
        *_unknown_dependencies(migrations, {*stems, *(name.removesuffix(".py") for name in python)}),
        *(Problem(folder.path / name, _twice(name)) for name in python if name.removesuffix(".py") in depends),
        *misleading_text_order([migration for migration in migrations if not migration.dependencies], "yoyo"),
        *_orphans(folder, stems),
        *untaken(folder, (name for name in folder.files if name.endswith(".sql")), "NNN_name.sql (in lower case)"),
    ]
    places = [migration.name for migration in migrations]
    return Reading(
        migrations, problems, list(_notes(folder)), in_code=among({folder.path / name: name for name in python}, places)
    )


def _dependencies(folder: Folder, stem: str) -> tuple[str, ...]:
    directives = _directives(folder.text(f"{stem}.sql"))
    return tuple(word for name, value, _ in directives if name == "depends" for word in value.split())


def _directives(text: str) -> Iterator[tuple[str, str, int]]:
    """Name, value and offset of what the comments at the beginning of a file say to yoyo."""
    header = _HEADER.match(text)
    assert header is not None
    for match in _DIRECTIVE.finditer(text, 0, header.end()):
        yield match["name"], match["value"], match.start()


def _in_order(folder: Folder, depends: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Of the migrations whose dependencies are done always the one whose file's name comes first."""
    sorter = TopologicalSorter(
        {stem: [other for other in others if other in depends] for stem, others in depends.items()}
    )
    try:
        sorter.prepare()
    except CycleError as error:
        circle = [f"{stem}.sql" for stem in reversed(error.args[1])]
        raise UserError(
            f"{display_path(folder.path / circle[0])}: its '-- depends:' leads back to itself: {' -> '.join(circle)}. "
            "yoyo refuses the folder. Take one of these dependencies out."
        ) from None
    ready: list[str] = []
    while sorter.is_active():
        for stem in sorter.get_ready():
            heappush(ready, f"{stem}.sql")
        following = heappop(ready).removesuffix(".sql")
        yield following
        sorter.done(following)


def _migration(folder: Folder, stem: str, dependencies: tuple[str, ...]) -> Migration:
    name, rollback = f"{stem}.sql", f"{stem}{_ROLLBACK}"
    values = [value.lower() for directive, value, _ in _directives(folder.text(name)) if directive == "transactional"]
    transactional = values != ["false"]
    return Migration(
        version=version_of(name),
        name=name,
        up=folder.script(name, transactional=transactional),
        down=folder.script(rollback, transactional=transactional) if rollback in folder.files else None,
        dependencies=dependencies,
    )


def _bad_directives(folder: Folder, name: str) -> Iterator[Problem]:
    text = folder.text(name)
    transactional = [value for directive, value, _ in _directives(text) if directive == "transactional"]
    for directive, _, offset in _directives(text):
        place = place_in(folder.path / name, text, offset)
        if directive not in ("transactional", "depends"):
            message = f"{place}: yoyo passes over '{directive}:'; it knows it in lower case only."
            yield Problem(folder.path / name, message)
        elif directive == "transactional" and " ".join(transactional).lower() not in ("true", "false"):
            message = f"{place}: yoyo stops here: transactional is true or false, once, with nothing behind it."
            yield Problem(folder.path / name, message)


def _unknown_dependencies(migrations: list[Migration], known: set[str]) -> Iterator[Problem]:
    for migration in migrations:
        for dependency in migration.dependencies:
            if dependency not in known:
                yield Problem(
                    migration.path,
                    f"{migration.name} depends on {dependency}, which is not in the folder, so yoyo refuses all of it: "
                    "write the name of a file beside it, without its ending.",
                )


def _twice(name: str) -> str:
    return (
        f"{name} and {name.removesuffix('.py')}.sql are one migration to yoyo, which refuses both: rename one of them."
    )


def _orphans(folder: Folder, stems: list[str]) -> Iterator[Problem]:
    known = set(stems)
    for name in folder.files:
        stem = name.removesuffix(_ROLLBACK)
        if stem != name and stem not in known and not name.startswith(_HOOK):
            yield Problem(
                folder.path / name,
                f"{name} rolls back nothing: there is no {stem}.sql beside it. Add that file, or delete this one.",
            )


def _notes(folder: Folder) -> Iterator[str]:
    hooks = [name for name in (*folder.files, *folder.other_files) if name.startswith(_HOOK)]
    if hooks:
        yield f"Left out are hooks, which yoyo runs after the last migration: {', '.join(hooks)}."


def _write(folder: Folder, draft: Draft) -> NewFiles:
    stems, python = _stems(folder), _in_python(folder)
    depends = {stem: _dependencies(folder, stem) for stem in stems}
    stem = _next_stem([*(f"{stem}.sql" for stem in stems), *python], draft)
    stood_on = {other for others in depends.values() for other in others}
    newest = [other for other in stems if other not in stood_on] if stood_on or _BY_YOYO.match(stem) else []
    header = f"-- {draft.title}\n"
    header += f"-- depends: {' '.join(newest)}".rstrip() + "\n"
    header += "" if draft.transactional else "-- transactional: false\n"
    notes = ["Migrations in Python are not looked into: add to '-- depends:' what it stands on."] if python else []
    return NewFiles({f"{stem}.sql": f"{header}\n{draft.up}", f"{stem}{_ROLLBACK}": draft.down}, notes)


def _next_stem(names: list[str], draft: Draft) -> str:
    """As ``yoyo new`` calls files, by the day and the number within it, where the newest one is called so."""
    newest = _BY_YOYO.match(max(names, default="20240101_00_aaaaa-"))
    if newest is None:
        return next_stem(names, draft, separators="_-.", text_order_of="yoyo")
    day = max(newest["day"], draft.moment.strftime("%Y%m%d"))
    number = int(newest["number"]) + 1 if day == newest["day"] else 1
    unique = "".join(secrets.choice(string.ascii_letters) for _ in range(5))
    return f"{day}_{number:02}_{unique}-{draft.name.replace('_', '-')}"


YOYO = Format(
    name="yoyo",
    looks_like="name.sql with name.rollback.sql beside it, or with '-- depends:' inside (yoyo)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
