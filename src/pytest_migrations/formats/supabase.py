"""The migrations of a Supabase project: ``supabase/migrations/<timestamp>_name.sql``.

As the Supabase CLI 2 does it (apps/cli-go/pkg/migration/list.go, file.go): files are taken in the order of their names,
the version is the number before the first ``_``, and each file is sent as one batch, which is a transaction. There are
no rollbacks. A file called ``init`` of before December 2021 is passed over if it is the first.

Such migrations stand on roles and schemas that Supabase has made before: whoever proves them has to provide those.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.errors import display_path
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.order import misleading_text_order, textual_duplicates, untaken
from pytest_migrations.formats.writing.draft import NewFiles, check_transactional, without_rollback
from pytest_migrations.formats.writing.versions import TIMESTAMP, next_stem
from pytest_migrations.migration import Migration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_migrations.formats.reading.folder import Folder
    from pytest_migrations.formats.writing.draft import Draft

_NAME = re.compile(r"([0-9]+)_.*\.sql", re.DOTALL)
_OLD_INIT = re.compile(r"([0-9]{14})_init\.sql")
_FIRST_WITHOUT_INIT = 2021_12_09_00_00_00
_BESIDE = ("roles.sql", "seed.sql")
_ROLES = re.compile(r"\b(anon|authenticated|authenticator|service_role|supabase_admin)\b")
_SCHEMAS = re.compile(r"\b(auth|storage|extensions|realtime|vault|graphql_public|pgmq_public|cron|net)\b\"?\.")


def belongs_to_supabase(folder: Folder) -> bool:
    """Whether a folder lies where the Supabase CLI looks for it."""
    return folder.path.name == "migrations" and folder.path.parent.name == "supabase"


def _named(folder: Folder) -> list[str]:
    return [name for name in folder.files if _NAME.fullmatch(name)]


def _evidence(folder: Folder) -> list[str]:
    return _named(folder) if belongs_to_supabase(folder) else []


def _read(folder: Folder) -> Reading:
    names = _named(folder)
    skipped = names[:1] if names and _is_old_init(names[0]) else []
    migrations = [Migration(name.partition("_")[0], name, folder.script(name)) for name in names[len(skipped) :]]
    problems = [
        *textual_duplicates(migrations),
        *misleading_text_order(migrations, "Supabase"),
        *untaken(folder, names, "timestamp_name.sql (a number first)"),
    ]
    notes = [
        *(f"{name} is left out, as the Supabase CLI does with an init from before December 2021." for name in skipped),
        *_provided(migrations),
        *_left_out(folder),
    ]
    return Reading(migrations, problems, notes)


def _is_old_init(name: str) -> bool:
    match = _OLD_INIT.fullmatch(name)
    return match is not None and int(match[1]) < _FIRST_WITHOUT_INIT


def _provided(migrations: Sequence[Migration]) -> Iterator[str]:
    """What the migrations name of all that Supabase has made before they run."""
    text = "\n".join(migration.up.text for migration in migrations)
    if roles := sorted(set(_ROLES.findall(text))):
        yield (
            f"These migrations name roles that Supabase provides: {', '.join(roles)}. "
            f"Have them created with ini migrations_roles = {', '.join(roles)}."
        )
    if schemas := sorted(set(_SCHEMAS.findall(text))):
        yield (
            f"These migrations name schemas that Supabase provides: {', '.join(schemas)}. "
            "Create what they need of them in the hook pytest_migrations_prepare."
        )


def _left_out(folder: Folder) -> Iterator[str]:
    if belongs_to_supabase(folder):
        for name in _BESIDE:
            if (beside := folder.path.parent / name).is_file():
                yield f"{display_path(beside)} is left out: it is no migration."


def _write(folder: Folder, draft: Draft) -> NewFiles:
    check_transactional(draft, "The Supabase CLI")
    stem = next_stem(folder.files, draft, TIMESTAMP, text_order_of="Supabase")
    return NewFiles({f"{stem}.sql": draft.up}, [without_rollback("Supabase")])


SUPABASE = Format(
    name="supabase",
    looks_like="timestamp_name.sql in a folder supabase/migrations (Supabase)",
    evidence=_evidence,
    read=_read,
    write=_write,
)
