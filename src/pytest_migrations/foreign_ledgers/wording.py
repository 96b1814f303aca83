"""What users are told of the ledgers of other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.formats.reading.order import some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_migrations.foreign_ledgers.survey import Said

TAKE_OVER = (
    "`pytest-migrations baseline` takes that over: it writes to the ledger of pytest-migrations only, and runs nothing."
)


def sentence(said: Said) -> str:
    """Whose ledger it is and how far it is, in one sentence: for ``status``."""
    tool, table = said.ledger.tool.name, said.ledger.table
    if said.ledger.hindrance:
        return f"{tool} has a ledger here ({table}) that cannot be read: {said.ledger.hindrance}"
    if not said.ledger.tells:
        return f"{tool} has a ledger here ({table}), of migrations that are programs."
    return f"{tool} has applied {_how_many(len(said.taken.applied), len(said.history))} ({table})."


def remarks(said: Said) -> list[str]:
    """What is to be looked at before it is taken over, a sentence each."""
    return list(_remarks(said))


def refusal(said: Sequence[Said]) -> UserError | None:
    """Why ``run`` and ``rollback`` do nothing; None where no ledger is about the folder."""
    concerned = [one for one in said if one.is_of_folder]
    if not concerned:
        return None
    lines = [line for one in concerned for line in (sentence(one), *remarks(one))]
    return UserError("\n".join(["This database is another tool's. Nothing was changed.", *lines, TAKE_OVER]))


def _how_many(applied: int, of: int) -> str:
    if not applied:
        return "none of these migrations"
    return f"{applied} of the {of} migrations" if applied < of else f"all {of} migrations"


def _remarks(said: Said) -> Iterator[str]:
    taken, tool = said.taken, said.ledger.tool
    yield from (f"{migration.name}: {why}." for migration, why in taken.failed.items())
    if taken.changed:
        count = f"{len(taken.changed)} files are" if len(taken.changed) > 1 else "1 file is"
        yield f"{count} not what {tool.name} has applied: {some([m.name for m in taken.changed])}."
    if taken.unknown:
        yield f"It has applied what no file of this folder is: {some(taken.unknown)}."
    if taken.applied and tool.formats and not said.ledger.is_for(said.history):
        yield f"The folder is not written for {tool.name}: see whether these are the same migrations."
