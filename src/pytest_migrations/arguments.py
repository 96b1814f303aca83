"""What pytest was asked for: paths, certain tests, what it is to pass over."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def as_arguments_name_it(config: pytest.Config, folder: Path) -> Path:
    """The folder, or where arguments lie in it by another path (it or they are behind a link), that one."""
    real = folder.resolve()
    for path in _paths(config):
        for above in (path, *path.parents):
            if not path.is_relative_to(folder) and above.resolve() == real:
                return above
    return folder


def is_named(config: pytest.Config, folder: Path) -> bool:
    """Whether an argument is the folder, or lies in it."""
    return any(path.is_relative_to(folder) for path in _paths(config))


def is_wanted(config: pytest.Config, folder: Path) -> bool:
    """Whether the run is to prove the folder: it was named, or whoever wants all has not left it out."""
    if is_named(config, folder):
        return True
    if is_ignored(config, folder):
        return False
    return not _asks_for_others(config) or any(folder.is_relative_to(path) for path in _paths(config))


def is_ignored(config: pytest.Config, folder: Path) -> bool:
    """Whether ``--ignore`` or ``--ignore-glob`` names the folder, or one that it lies in."""
    ignored = {_path(config, path) for path in config.getoption("ignore") or ()}
    globs = [str(_path(config, pattern)) for pattern in config.getoption("ignore_glob") or ()]
    return any(
        path in ignored or any(fnmatch(str(path), pattern) for pattern in globs) for path in (folder, *folder.parents)
    )


def _asks_for_others(config: pytest.Config) -> bool:
    """Whether somebody wants certain tests, and the folder stands in the ini file for whoever wants all."""
    if config.getoption("migrations_dir") is not None:
        return False
    return any("::" in argument for argument in config.args) or any(path.is_file() for path in _paths(config))


def _paths(config: pytest.Config) -> list[Path]:
    """The paths that pytest was asked for, as it names them."""
    return [_path(config, argument.split("::")[0]) for argument in config.args]


def _path(config: pytest.Config, named: str) -> Path:
    return Path(os.path.normpath(config.invocation_params.dir / named))
