"""Revisions of Alembic: ``versions/1a2b_name.py`` with ``upgrade()`` and ``downgrade()``, run by Alembic itself.

The folder is the one that env.py lies in, the one of the revisions, or one whose alembic.ini or pyproject.toml names
it. Revisions come in the order of ``alembic upgrade heads``. A ``downgrade()`` that does no more than to raise is no
rollback, since that is how to write that there is none.
"""

from __future__ import annotations

import ast
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, display_path, path_from
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.above import places_above
from pytest_migrations.formats.writing.draft import by_its_tool
from pytest_migrations.migration import Migration, Order, Program, Script

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.script import Script as Revision

    from pytest_migrations.formats.alembic.environment import Environment
    from pytest_migrations.formats.reading.folder import Folder

_REVISION = re.compile(rb"^revision\b.*?=.*?^down_revision\b.*?=", re.MULTILINE | re.DOTALL)
_MARKS = {
    "env.py": re.compile(rb"\balembic\b"),
    "alembic.ini": re.compile(rb"^script_location[ \t]*=", re.MULTILINE),
    "pyproject.toml": re.compile(rb"^\[tool\.alembic\]", re.MULTILINE),
}


def _evidence(folder: Folder) -> list[str]:
    marks = [name for name, mark in _MARKS.items() if name in folder.other_files and mark.search(folder.data(name))]
    if not marks and not any((above / "env.py").exists() for above in places_above(folder.path)[1:3]):
        return []
    versions = (f"versions/{name}" for name in sorted(folder.subfolders.get("versions", ())))
    files = [name for name in (*folder.other_files, *versions) if name.endswith(".py")]
    return [*marks, *(name for name in files if _REVISION.search(folder.data(name)))]


def _read(folder: Folder) -> Reading:
    try:
        import alembic  # noqa: F401, PLC0415 (an extra)
        import sqlalchemy  # noqa: F401, PLC0415
    except ImportError as error:
        raise UserError(
            f"{display_path(folder.path)} holds revisions of Alembic, but {error.name} is not installed here: "
            "pip install 'pytest-migrations[alembic]'"
        ) from None
    from pytest_migrations.formats.alembic.environment import Environment  # noqa: PLC0415 (needs the extra)
    from pytest_migrations.formats.alembic.revisions import in_order, script_directory  # noqa: PLC0415

    config, directory, home = script_directory(folder.path)
    revisions = in_order(directory, home)
    environment = Environment(config, directory, home)
    migrations = [_migration(folder, environment, revision) for revision in revisions]
    heads = directory.get_heads()
    notes = [f"{len(heads)} heads, which are all applied: {', '.join(heads)}"] if len(heads) > 1 else []
    return Reading(migrations, (), notes, _ledger(environment), Order.GRAPH)


def _migration(folder: Folder, environment: Environment, revision: Revision) -> Migration:
    path = Path(revision.path)
    name = path_from(folder.path.resolve(), path.resolve())
    if name.startswith("../"):
        raise UserError(
            f"{display_path(path)} is one of the revisions, but lies outside of {display_path(folder.path)}. "
            "Name a folder that holds them all in --migrations-dir: the one of alembic.ini or pyproject.toml, say."
        )
    source = folder.text(name)
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}

    def script(name_of_function: str, run: Callable[..., None]) -> Script:
        function = functions.get(name_of_function)
        offset = _line_start(source, function.lineno) if function else 0
        does_nothing = function is not None and not _body_of(function)
        program = Program(partial(run, revision), str(revision.module.__file__), offset, does_nothing)
        return Script(folder.path / name, source, "", program=program)

    has_rollback = hasattr(revision.module, "downgrade") and not _only_raises(functions.get("downgrade"))
    return Migration(
        version=revision.revision,
        name=name,
        up=script("upgrade", environment.upgrade),
        down=script("downgrade", environment.downgrade) if has_rollback else None,
        dependencies=tuple(sorted(revision._all_down_revisions)),  # noqa: SLF001 (no other name has both kinds)
        known_as=revision.revision,
    )


def _line_start(source: str, line: int) -> int:
    return sum(len(text) + 1 for text in source.split("\n")[: line - 1])


def _body_of(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements that do something."""
    return [
        statement
        for statement in function.body
        if not isinstance(statement, ast.Pass)
        and not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        and not (isinstance(statement, ast.Return) and statement.value is None)
    ]


def _only_raises(function: ast.FunctionDef | None) -> bool:
    return function is not None and any(isinstance(statement, ast.Raise) for statement in _body_of(function)[:1])


def _ledger(environment: Environment) -> Migration:
    """Alembic makes its table as soon as env.py runs, whether there is a step to take or not."""
    path = environment.path
    program = Program(environment.make_ledger, str(path))
    return Migration("", path.name, Script(path, path.read_text(encoding="utf-8"), "", program=program))


ALEMBIC = Format(
    name="alembic",
    looks_like="env.py and versions/*.py with revision and down_revision inside (Alembic)",
    evidence=_evidence,
    read=_read,
    write=by_its_tool("Alembic writes its revisions itself: alembic revision -m {title}"),
)
