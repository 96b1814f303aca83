"""A plan and three scripts per change: ``sqitch.plan``, ``deploy/``, ``revert/``, ``verify/`` (Sqitch).

As Sqitch 1.6 does it (lib/App/Sqitch/Plan.pm, Engine.pm, Engine/pg.pm): psql runs each script, so that its transactions
are its own BEGIN and COMMIT. A change without its deploy script is not applied here, though Sqitch stops at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.errors import UserError, display_path, path_from
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.folder import Folder
from pytest_migrations.formats.reading.order import some
from pytest_migrations.formats.sqitch.conf import Project
from pytest_migrations.formats.sqitch.plan import Change, file_stems, read_plan
from pytest_migrations.formats.sqitch.psql import psql_script
from pytest_migrations.formats.writing.draft import by_its_tool
from pytest_migrations.migration import Migration, Order, Problem, Script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class _Planned(NamedTuple):
    change: Change
    #: What its scripts are called, without the extension.
    stem: str
    deploy: Path
    revert: Path
    verify: Path


def _evidence(folder: Folder) -> list[str]:
    found = [name for name in folder.other_files if name in ("sqitch.plan", "sqitch.conf")]
    return [*found, *(name for name in folder.deep_files if found and name.startswith("deploy/"))]


def _read(folder: Folder) -> Reading:
    project = Project.of(folder.path)
    changes = read_plan(project.plan, _plan(folder, project))
    planned = [_planned(project, change, stems) for change, stems in zip(changes, file_stems(changes), strict=True)]
    migrations = [_migration(folder, project, one) for one in planned if one.deploy.is_file()]
    problems = [
        *_twice(project, changes),
        *_unmet(project, changes),
        *_without_script(folder, planned),
        *_unplanned(folder, project, planned),
    ]
    return Reading(migrations, problems, list(_notes(planned)), order=Order.LIST)


def _plan(folder: Folder, project: Project) -> str:
    if not project.plan.is_file():
        raise UserError(
            f"{display_path(project.plan)}: no such plan. Name the folder that holds sqitch.plan or sqitch.conf in "
            "--migrations-dir."
        )
    return folder.text(_below(folder, project.plan))


def _below(folder: Folder, path: Path) -> str:
    return path_from(folder.path, path)


def _planned(project: Project, change: Change, stems: Sequence[str]) -> _Planned:
    reworked = stems[0] != change.name
    deploys = project.scripts("deploy", reworked=reworked)
    stem = next((stem for stem in stems if _file(deploys, stem, project).is_file()), stems[0])
    return _Planned(
        change,
        stem,
        *(_file(project.scripts(kind, reworked=reworked), stem, project) for kind in ("deploy", "revert", "verify")),
    )


def _file(folder: Path, stem: str, project: Project) -> Path:
    return folder / f"{stem}.{project.extension}"


def _migration(folder: Folder, project: Project, one: _Planned) -> Migration:
    name = _below(folder, one.deploy)
    if name.startswith("../"):
        raise UserError(
            f"{display_path(one.deploy)} is not below {display_path(folder.path)}. Name the folder of sqitch.conf in "
            "--migrations-dir, which holds both."
        )

    def script(path: Path, kind: str) -> Script | None:
        if not path.is_file():
            return None
        return psql_script(path, folder.text(_below(folder, path)), project.variables(kind) | dict(folder.placeholders))

    deploy = script(one.deploy, "deploy")
    assert deploy is not None
    return Migration(
        version=one.stem,
        name=name,
        up=deploy,
        down=script(one.revert, "revert"),
        dependencies=tuple(one.change.requires),
        verify=script(one.verify, "verify"),
        known_as=f"{one.change.name} {one.change.rework}",
    )


def _twice(project: Project, changes: Sequence[Change]) -> Iterator[Problem]:
    since_tag: dict[str, int] = {}
    for change in changes:
        if change.name in since_tag:
            yield Problem(
                project.plan,
                f"{project.plan.name}:{change.line}: {change.name} is planned in line {since_tag[change.name]} as well "
                "without a tag between them, and Sqitch refuses the plan: delete one, or use 'sqitch rework'.",
            )
        since_tag[change.name] = change.line
        if change.tags:
            since_tag.clear()


def _unmet(project: Project, changes: Sequence[Change]) -> Iterator[Problem]:
    """What changes require that does not come before them, and what they conflict with that does."""
    named = {name for change in changes for name in _names(change, changes)}
    seen: set[str] = set()
    for change in changes:
        where = f"{project.plan.name}:{change.line}: {change.name}"
        for name in change.requires:
            if name not in seen:
                what = "which comes later: move it down" if name in named else "which the plan does not have: add it"
                yield Problem(project.plan, f"{where} requires {name}, {what}. Sqitch refuses the plan.")
        for name in change.conflicts:
            if name in seen:
                yield Problem(
                    project.plan,
                    f"{where} conflicts with {name}, which comes before it. Sqitch refuses to deploy it: delete one.",
                )
        seen.update(_names(change, changes))


def _names(change: Change, changes: Sequence[Change]) -> Iterator[str]:
    """What may be required once a change is there: itself, its tags, and every change so far at those tags."""
    yield change.name
    for tag in change.tags:
        yield f"@{tag}"
        yield from (f"{other.name}@{tag}" for other in changes if other.line <= change.line)


def _without_script(folder: Folder, planned: Sequence[_Planned]) -> Iterator[Problem]:
    for one in planned:
        if not one.deploy.is_file():
            yield Problem(
                one.deploy,
                f"{_below(folder, one.deploy)} does not exist, and Sqitch stops at it: add it, or delete the change "
                f"{one.change.name} from the plan.",
            )


def _unplanned(folder: Folder, project: Project, planned: Sequence[_Planned]) -> Iterator[Problem]:
    known = {one.deploy for one in planned}
    deploys = {project.scripts("deploy", reworked=False): None, project.scripts("deploy", reworked=True): None}
    for path in (place / name for place in deploys if place.is_dir() for name in Folder(place).deep_files):
        if path not in known:
            yield Problem(
                path,
                f"{_below(folder, path)} is not run, since the plan does not name it: add it with 'sqitch add', or "
                "delete it.",
            )


def _notes(planned: Sequence[_Planned]) -> Iterator[str]:
    if foreign := sorted({name for one in planned for name in one.change.foreign}):
        yield f"changes of other projects are required and not checked: {some(foreign)}"
    if lone := [one.stem for one in planned if one.deploy.is_file() and not one.revert.is_file()]:
        yield f"without a revert script, which Sqitch wants before it reverts: {some(lone)}"


SQITCH = Format(
    name="sqitch",
    looks_like="sqitch.plan (or sqitch.conf) with deploy/name.sql and revert/name.sql (Sqitch)",
    evidence=_evidence,
    read=_read,
    write=by_its_tool("Sqitch writes its own scripts, and the plan with them: sqitch add {name} --note {title}"),
    has_placeholders=True,
)
