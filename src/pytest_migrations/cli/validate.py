"""``pytest-migrations validate``: what would break, without a database."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

import click

from pytest_migrations.cli import FINDINGS, output
from pytest_migrations.cli.options import FolderOptions, folder_options, json_option
from pytest_migrations.errors import display_path
from pytest_migrations.formats.ours import number_within
from pytest_migrations.validate import Severity, validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_migrations.migration import History
    from pytest_migrations.validate import Finding, Validation

#: How many places that could not be read are listed for people.
_MOST_UNREAD = 3


@click.command(short_help="Say what would break, before anything runs.")
@folder_options
@click.option("--prove", is_flag=True, help="Confirm each finding on a server that is started for it.")
@click.option(
    "--server", metavar="SERVER", default="auto", help="Which: auto, embedded, docker, or a test server's DSN."
)
@json_option
def command(*, folder: FolderOptions, prove: bool, server: str, as_json: bool) -> int:
    """Read the scripts and say what does not go together: syntax, order, names, dependencies, rollbacks.

    No database is needed. Exits with 1 where there is an error: what would fail on a server. Warnings alone exit with
    0. With --prove a server of ours is asked as well, and what it refutes does not count.
    """
    gc.disable()  # nearly all that is made here is needed to the end
    history = folder.history(warn=False)
    found = validate(history)
    proof = _proof(history, found, server) if prove else None
    kept = [finding for number, finding in enumerate(found.findings) if not proof or proof[1][number] != "refuted"]
    if as_json:
        output.as_json(_as_data(found, proof))
    else:
        _show(history, found, kept, proof)
    return FINDINGS if any(finding.severity is Severity.ERROR for finding in kept) else 0


Proof = tuple[str, list[str]]


def _proof(history: History, found: Validation, server: str) -> Proof:
    """The server's version, and its answer to each finding."""
    from pytest_migrations.operations.confirming import confirm  # noqa: PLC0415 (brings the driver)
    from pytest_migrations.server.choice import ENVIRONMENT, ServerOptions  # noqa: PLC0415 (as above)

    options = ServerOptions(server=server, environment=os.environ.get(ENVIRONMENT))
    version, answers = confirm(history, found.findings, options)
    return version, [answer.value for answer in answers]


def _show(history: History, found: Validation, kept: Sequence[Finding], proof: Proof | None) -> None:
    for finding in kept:
        output.line(_coloured(finding))
        output.line()
    for line in _order(history, found):
        output.line(line)
    for line in _unread(history, found):
        output.line(line)
    output.line(_summary(history, kept, proof))


def _coloured(finding: Finding) -> str:
    is_error = finding.severity is Severity.ERROR
    head, newline, rest = str(finding).partition("\n")
    return click.style(head, fg="red" if is_error else "yellow") + newline + rest


def _order(history: History, found: Validation) -> Iterator[str]:
    if found.cycle:
        yield "No order works: these migrations need each other."
        names = [name for name, _ in found.cycle]
        for (name, needs), other in zip(found.cycle, [*names[1:], names[0]], strict=True):
            yield f"  {name} needs {needs} of {other}"
        yield ""
    if found.suggested_order:
        yield "An order that works:"
        for move in found.moves:
            yield f"  {move.migration} " + (f"behind {move.behind}" if move.behind else f"before {move.before}")
        if found.renames:
            yield "Rename for it:"
        numbers = {migration.name: number_within(migration) for migration in history}
        for old, new in found.renames:
            number = numbers[old]
            yield f"  {old} to {new}" + (f", and the number {number} in its first lines" if number else "")
        yield ""


def _unread(history: History, found: Validation) -> Iterator[str]:
    programs = [migration for migration in history if migration.up.program is not None]
    if programs:
        those = "All migrations are" if len(programs) == len(history) else f"{len(programs)} migrations are"
        yield f"{those} programs, which cannot be read: pytest-migrations test runs them."
    places = [unread for unread in found.unread if not any(unread.migration == program.name for program in programs)]
    for unread in places[:_MOST_UNREAD]:
        yield str(unread)
    if len(places) > _MOST_UNREAD:
        yield f"{output.count(len(places) - _MOST_UNREAD, 'more place')} not read (--json has all)."
    if programs or places:
        yield ""


def _summary(history: History, kept: Sequence[Finding], proof: Proof | None) -> str:
    errors = sum(finding.severity is Severity.ERROR for finding in kept)
    counts = [
        output.count(number, noun) for number, noun in ((errors, "error"), (len(kept) - errors, "warning")) if number
    ]
    text = f"{output.count(len(history), 'migration')} in {display_path(history.folder)}: "
    text += f"{' and '.join(counts)}." if counts else "no findings."
    if proof:
        version, answers = proof
        said = [f"{answers.count(answer)} {answer}" for answer in ("confirmed", "not tried") if answer in answers]
        if "refuted" in answers:
            said.append(f"{answers.count('refuted')} refuted and not shown")
        text += f" PostgreSQL {version}: {', '.join(said) or 'nothing to ask'}."
    return text


def _as_data(found: Validation, proof: Proof | None) -> dict[str, Any]:
    return {
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity.value,
                "migration": finding.migration,
                "file": _file(finding),
                "line": finding.line,
                "column": finding.place.column if finding.place else None,
                "in_rollback": finding.in_rollback,
                "message": finding.message,
                "remedy": finding.remedy,
                "proof": proof[1][number] if proof else None,
            }
            for number, finding in enumerate(found.findings)
        ],
        "suggested_order": list(found.suggested_order),
        "moves": [{"migration": move.migration, "behind": move.behind, "before": move.before} for move in found.moves],
        "renames": dict(found.renames),
        "cycle": [{"migration": name, "needs": needs} for name, needs in found.cycle],
        "unread": [
            {"migration": unread.migration, "line": unread.place.line, "reason": unread.reason}
            for unread in found.unread
        ],
    }


def _file(finding: Finding) -> str | None:
    path = finding.place.path if finding.place else finding.path
    return display_path(path) if path else None
