"""Atlas's own folders: plain ``.sql`` files beside an ``atlas.sum``.

As Atlas 1 reads them (sql/migrate/dir.go, sql/migrate/lex.go, cmd/atlas/internal/cmdapi/migrate.go): files are sorted
by name, as text, and the version is what stands before the first ``_``. Directives are the comments at the top of a
file with an empty line behind them. On an empty database the newest checkpoint is the first file that runs. Each file
has a transaction of its own unless ``-- atlas:txmode none`` says otherwise. A file that begins with ``-- atlas:txtar``
holds several (atlasgo.io/versioned/checks), of which ``migration.sql`` is applied and ``down.sql`` rolls back.

Folders of other tools may have an ``atlas.sum`` too, since Atlas maintains those as well: they are what their tools
make of them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.formats.atlas.sums import NAME as SUM
from pytest_migrations.formats.atlas.sums import sum_problems, sum_with
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.delimiters import with_semicolons
from pytest_migrations.formats.reading.folder import mistake, place_in
from pytest_migrations.formats.reading.order import misleading_text_order, textual_duplicates, untaken
from pytest_migrations.formats.writing.draft import NewFiles, without_rollback
from pytest_migrations.formats.writing.versions import TIMESTAMP, next_stem
from pytest_migrations.migration import Migration, Problem, Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

_OTHERS_NAME = re.compile(r".*\.(?:up|down)\.sql|[VURB][0-9._]*__.*\.sql", re.DOTALL)
_OTHERS_MARKER = re.compile(
    rb"^\s*--\s*(?:\+goose|\+migrate|migrate:(?:up|down)|liquibase\s+formatted)", re.MULTILINE | re.IGNORECASE
)
_TOP = re.compile(r"(?:(?:--|#)[^\n]*(?:\n|\Z))*")
_BEHIND_TOP = re.compile(r"[ \t]*\n|\Z")
_DIRECTIVE = re.compile(r"^[ -~]*?atlas:(?P<name>\w+)(?: +(?P<argument>[^\r\n]+))?", re.MULTILINE)
_DELIMITER = re.compile(r"-- atlas:delimiter +(?P<delimiter>[^\r\n]+)\r?\n")
_ESCAPES = {r"\n": "\n", r"\r": "\r", r"\t": "\t"}
_SECTION = re.compile(r"^-- (?P<name>\S+) --[ \t]*\r?$", re.MULTILINE)
_CHECKS = re.compile(r"^-- checks\S* --[ \t]*\r?$", re.MULTILINE)
_NEEDS_EMPTY_LINE = ("txmode", "checkpoint", "txtar")


def _named(folder: Folder) -> list[str]:
    return [name for name in folder.files if name.endswith(".sql")]


def _evidence(folder: Folder) -> list[str]:
    if SUM not in folder.other_files:
        return []
    return [
        name
        for name in _named(folder)
        if not _OTHERS_NAME.fullmatch(name) and not _OTHERS_MARKER.search(folder.data(name))
    ]


def _read(folder: Folder) -> Reading:
    names = _named(folder)
    directives = {name: _directives(folder.text(name)) for name in names}
    checkpoints = [index for index, name in enumerate(names) if "checkpoint" in directives[name]]
    first = checkpoints[-1] if checkpoints else 0
    migrations = [_migration(folder, name, directives[name]) for name in names[first:]]
    problems = [
        *textual_duplicates(migrations),
        *misleading_text_order(migrations, "Atlas"),
        *_bad_transaction_modes(folder, directives),
        *_attached(folder, names),
        *sum_problems(folder, names),
        *untaken(folder, names, "version_name.sql (.sql in lower case)"),
    ]
    notes = [*_before_checkpoint(names, first), *_unchecked(migrations)]
    superseded = [Migration(_version(name), name, folder.script(name)) for name in names[:first]]
    return Reading(migrations, problems, notes, superseded=superseded)


def _directives(text: str) -> dict[str, str]:
    """The directives of a file; comments without an empty line behind them belong to the first statement."""
    top = _top(text)
    if not _BEHIND_TOP.match(text, len(top)):
        return {}
    return {match["name"]: match["argument"] or "" for match in _DIRECTIVE.finditer(top)}


def _top(text: str) -> str:
    match = _TOP.match(text)
    return match[0] if match else ""


def _migration(folder: Folder, name: str, directives: dict[str, str]) -> Migration:
    script = folder.script(name, transactional=directives.get("txmode") != "none")
    if "import" in directives:
        raise mistake(
            script.path,
            script.source,
            script.source.index("atlas:import"),
            "this file imports others",
            "Put all SQL into it.",
        )
    version = _version(name)
    if "txtar" not in directives:
        return Migration(version, name, _delimited(script), is_baseline="checkpoint" in directives)
    sections = _sections(script.source)
    if "migration.sql" not in sections:
        raise mistake(
            script.path,
            script.source,
            0,
            "this archive has no '-- migration.sql --'",
            "Put that line before what is applied.",
        )
    down = sections.get("down.sql")
    return Migration(
        version,
        name,
        replace(script, text=sections["migration.sql"]),
        None if down is None else replace(script, text=down),
    )


def _version(name: str) -> str:
    return name.removesuffix(".sql").partition("_")[0]


def _delimited(script: Script) -> Script:
    match = _DELIMITER.match(script.text)
    if match is None:
        return script
    delimiter = re.sub(r"\\[nrt]", lambda escape: _ESCAPES[escape[0]], match["delimiter"])
    rest = with_semicolons(script.text[match.end() :], re.escape(delimiter))
    return replace(script, text="\n" + rest)


def _sections(source: str) -> dict[str, str]:
    """The files of an archive, each at its lines with all others blanked."""
    marks = list(_SECTION.finditer(source))
    ends = [*(mark.start() for mark in marks[1:]), len(source)]
    return {
        mark["name"]: "\n" * source.count("\n", 0, mark.end()) + source[mark.end() : end]
        for mark, end in zip(marks, ends, strict=True)
    }


def _bad_transaction_modes(folder: Folder, directives: dict[str, dict[str, str]]) -> Iterator[Problem]:
    for name, known in directives.items():
        if (mode := known.get("txmode", "file")) not in ("file", "none"):
            yield Problem(
                folder.path / name, f"Atlas refuses {name}: its txmode is {mode}, and only file and none are allowed."
            )


def _attached(folder: Folder, names: list[str]) -> Iterator[Problem]:
    for name in names:
        text = folder.text(name)
        top = _top(text)
        directive = _DIRECTIVE.search(top)
        if directive and directive["name"] in _NEEDS_EMPTY_LINE and not _BEHIND_TOP.match(text, len(top)):
            place = place_in(folder.path / name, text, directive.start())
            yield Problem(
                folder.path / name,
                f"{place}: Atlas passes over this directive, since no empty line (ending in LF) stands behind it.\n"
                f"{place.excerpt()}\nPut one between the comments at the top and the first statement.",
            )


def _before_checkpoint(names: list[str], first: int) -> Iterator[str]:
    if first:
        yield (
            f"Before the checkpoint {names[first]} {first} files are left out, as Atlas does on an empty database "
            f"({names[0]} first)."
        )


def _unchecked(migrations: list[Migration]) -> Iterator[str]:
    checked = [migration.name for migration in migrations if _CHECKS.search(migration.up.source)]
    if checked:
        yield f"Checks before migrations are not run ({', '.join(checked)})."


def _write(folder: Folder, draft: Draft) -> NewFiles:
    stem = next_stem(folder.files, draft, TIMESTAMP, text_order_of="Atlas")
    names, file = _named(folder), f"{stem}.sql"
    if names and (problem := next(sum_problems(folder, names), None)):
        raise UserError(f"{problem.message}\nNothing was written.")
    text = draft.up if draft.transactional else f"-- atlas:txmode none\n\n{draft.up}"
    notes = [
        without_rollback("Atlas"),
        f"{SUM} knows the file as it is: run `atlas migrate hash` when you have edited it.",
    ]
    sums = {SUM: sum_with(folder, names, file, text)}
    if SUM in folder.other_files:
        return NewFiles({file: text}, notes, replaced=sums)
    return NewFiles({file: text, **sums}, notes)


ATLAS = Format(
    name="atlas",
    looks_like=f"version_name.sql and {SUM} (Atlas)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
