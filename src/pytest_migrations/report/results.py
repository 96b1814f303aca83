"""What the checks of a run have found, from all processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import path_from

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Result:
    """What a check has found, as plain data, which travels from the workers of xdist. docs/report.md describes it."""

    id: str
    folder: str
    migration: str
    check: str
    outcome: str
    seconds: float
    headline: str
    reason: str
    findings: list[str]
    file: str
    line: int
    column: int | None
    differences: list[dict[str, Any]]
    column_order: list[dict[str, Any]]
    #: The server that it was found on, where it needed one.
    server: dict[str, str] | None
    #: Where it stands in its folder: the number of the migration, and of the check.
    rank: list[int]
    #: The id of the check that fails for the same reason, and what it would say; see ``Verdict``.
    blames: str = ""
    blame: str = ""
    #: What should be mended though the check passed.
    warning: str = ""
    #: Of the check on tables with rows: which got how many, which hold none and why, what became of them.
    rows: dict[str, Any] | None = None


@dataclass
class Results:
    """Gathers the results of all processes. ``root`` is pytest's rootdir, ``repository`` the folder of all sources."""

    root: Path
    repository: Path
    _by_id: dict[str, Result] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """Take a result; one of a test that was run again replaces the one before."""
        self._by_id[result.id] = result

    @property
    def all(self) -> list[Result]:
        """In version order, whichever process was first."""
        return sorted(self._by_id.values(), key=lambda result: (result.folder, result.rank))

    @property
    def failures(self) -> list[Result]:
        """The most telling first: the first of each migration, its others, and then what only blames another check."""
        failed = [result for result in self.all if result.outcome == "failed"]
        firsts = {(result.folder, result.migration): result.id for result in reversed(failed)}
        return sorted(
            failed,
            key=lambda result: (bool(result.blames), firsts[result.folder, result.migration] != result.id),
        )

    @property
    def server(self) -> dict[str, str] | None:
        return next((result.server for result in self._by_id.values() if result.server), None)

    @property
    def contradictions(self) -> list[str]:
        """What passed in one process and failed in another: a text for each.

        A check is skipped where another one says why. Each process of xdist has a walk of its own, and what depends on
        time or chance may fail in one of them alone: the check that was to say it has then passed elsewhere, and no
        test would fail.
        """
        blaming: dict[str, list[Result]] = {}
        for result in self.all:
            blaming.setdefault(result.blames, []).append(result)
        return [
            f"{check} passed in one process and failed in another, which skipped {len(results)} "
            f"check{'s' if len(results) > 1 else ''} for it:\n\n{results[0].blame}"
            for check, results in blaming.items()
            if check in self._by_id and self._by_id[check].outcome == "passed"
        ]

    @property
    def empty_tables(self) -> dict[str, tuple[str, list[str]]]:
        """Of each table that holds no row where a migration touches it: why, and the names of those migrations."""
        found: dict[str, tuple[str, list[str]]] = {}
        for result in self.all:
            for table, why in (result.rows or {}).get("empty", {}).items():
                found.setdefault(table, (why, []))[1].append(result.migration)
        return found

    def path_in_repository(self, result: Result) -> str:
        """The file to look into as people name it who see the whole repository."""
        return path_from(self.repository, self.root / result.file)
