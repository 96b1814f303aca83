"""Alembic's configuration and its map of revisions, with what is wrong in them told by file and line.

As Alembic 1.20 has it (alembic/config.py, alembic/script/base.py): alembic.ini, or ``[tool.alembic]`` of
pyproject.toml, names the folder of env.py in ``script_location`` and others in ``version_locations``. What is relative
there counts from the working directory, which is that of the file when Alembic is run as it is meant to.
"""

from __future__ import annotations

import configparser
import inspect
import os
import re
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionMap
from alembic.util import CommandError
from alembic.util.pyfiles import coerce_resource_to_filename

from pytest_migrations.errors import Place, UserError, display_path
from pytest_migrations.formats.reading.above import places_above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.script import Script as Revision

_MEND = "Alembic runs each of these files to learn its revision: mend this one, or move it elsewhere."


def script_directory(folder: Path) -> tuple[Config, ScriptDirectory, Path]:
    """Alembic's view of a folder: that of env.py, one of revisions below it, or that of alembic.ini.

    The third is the folder that Alembic is meant to be run in.

    :raises UserError: where the configuration cannot be read.
    """
    folder = folder.absolute()  # the working directory is another one while files are loaded
    with_env = next((near for near in places_above(folder)[:3] if (near / "env.py").exists()), None)
    config, home, location = _configuration(folder, with_env)
    if not (location / "env.py").exists():
        raise UserError(
            f"{display_path(location)} has no env.py, by which Alembic runs its revisions. "
            "Name the folder that has it, or that of alembic.ini, in --migrations-dir."
        )
    config.set_main_option("script_location", str(location).replace("%", "%%"))
    directory = ScriptDirectory.from_config(config)
    if with_env not in (None, folder):
        directory.version_locations = [str(folder)]
    return config, directory, home


def _configuration(folder: Path, with_env: Path | None) -> tuple[Config, Path, Path]:
    """The configuration for the env.py of a folder, or else that of the folder, with its own and env.py's folder."""
    for home in places_above(with_env) if with_env else [folder]:
        try:
            if (config := _config_in(home)) is None:
                continue
            location = _location(home, _option(config, "script_location") or "")
        except (CommandError, configparser.Error, ImportError) as error:
            raise UserError(f"{display_path(home / 'alembic.ini')}: {error}") from error
        if with_env is None or home == with_env or location == with_env.resolve():
            return config, home, with_env or location
    return Config(), (with_env or folder).parent, with_env or folder


def _location(home: Path, named: str) -> Path:
    """The folder of env.py as ``script_location`` has it: a path, or ``package:path``, which need not be imported."""
    package, _, below = named.partition(":")
    for place in (home, home / "src"):
        if below and (found := place.joinpath(*package.split("."), below)).is_dir():
            return found.resolve()
    with working_in(home):
        return Path(coerce_resource_to_filename(named)).resolve()


def in_order(directory: ScriptDirectory, home: Path) -> list[Revision]:
    """The revisions as ``alembic upgrade heads`` would apply them.

    :raises UserError: where a file cannot be loaded, or they do not form a history.
    """
    revisions: list[Revision] = []
    try:
        with working_in(home):
            revisions.extend(directory._load_revisions())  # noqa: SLF001 (Alembic only warns of a revision given twice)
    except (Exception, SystemExit) as error:  # whatever the code of a file raises
        raise _unloadable(directory, error) from error
    _check_references(revisions)
    directory.revision_map = RevisionMap(lambda: revisions)
    try:
        steps = directory._upgrade_revs("heads", None)  # type: ignore[arg-type]  # noqa: SLF001 (what its command asks)
    except (CommandError, KeyError) as error:
        named = [r for r in revisions if re.search(rf"\b{re.escape(r.revision)}\b", str(error))] or revisions
        is_of_label = "Branch name" in str(error)
        line, remedy = ("branch_labels", "Give the branch another label.") if is_of_label else ("down_revision", _ORDER)
        raise _error(named[0], line, f"Alembic cannot order the revisions: {error}", remedy) from error
    return [directory.get_revision(step.revision.revision) for step in steps]


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Work in the folder that Alembic is meant to be run in."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _config_in(home: Path) -> Config | None:
    """The configuration in a folder, where it names a script_location."""
    ini, toml = home / "alembic.ini", home / "pyproject.toml"
    reads_toml = "toml_file" in inspect.signature(Config).parameters and toml.exists()  # from 1.16 on
    if not ini.exists() and not reads_toml:
        return None
    files = {"file_": str(ini)} if ini.exists() else {}
    config = Config(**files, **({"toml_file": str(toml)} if reads_toml else {}))  # type: ignore[arg-type]
    return config if _option(config, "script_location") else None


def _option(config: Config, name: str) -> str | None:
    read = getattr(config, "get_alembic_option", config.get_main_option)
    value: str | None = read(name)
    return value


_ORDER = "Each down_revision and depends_on has to name a revision that stands before it."


def _check_references(revisions: list[Revision]) -> None:
    known: dict[str, Revision] = {}
    for revision in revisions:
        if twin := known.get(revision.revision):
            raise _error(
                revision,
                "revision",
                f"the revision {revision.revision} is also that of {display_path(Path(twin.path))}",
                "Alembic would take one of them: give this one an id of its own, or delete one.",
            )
        known[revision.revision] = revision
    for revision in revisions:
        for down in revision._versioned_down_revisions:  # noqa: SLF001 (always a tuple, unlike its public twin)
            if down not in known:
                raise _error(
                    revision,
                    "down_revision",
                    f"there is no revision {down}",
                    "Add the file that has it, or name the revision that this one follows.",
                )


def _unloadable(directory: ScriptDirectory, error: BaseException) -> UserError:
    """Where in a file of revisions it was raised, as deep as possible."""
    what = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return _told(Path(error.filename), error.lineno, error.offset or 1, f"{error.msg} (SyntaxError)", _MEND)
    folders = [Path(location).resolve() for location in directory.version_locations or [directory.versions]]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if frame.lineno and any(folder in path.parents for folder in folders):
            return _told(path, frame.lineno, 1, what, _MEND)
    return UserError(f"{display_path(Path(directory.dir))}: {what}\n{_MEND}")


def _error(revision: Revision, name: str, what: str, remedy: str) -> UserError:
    path = Path(revision.path)
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    line = next((number for number, text in enumerate(lines, 1) if re.match(rf"{name}\b", text)), 1)
    return _told(path, line, 1, what, remedy)


def _told(path: Path, line: int, column: int, what: str, remedy: str) -> UserError:
    source = path.read_text(encoding="utf-8", errors="replace")
    place = Place(path, line, column, source)
    return UserError.at(place, what, remedy)
