"""``[tool.pytest-migrations]`` of the nearest pyproject.toml: the defaults of the commands' options."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FILE = "pyproject.toml"
_TABLE = "tool.pytest-migrations"
#: What it may hold, with the type of each.
_KEYS: dict[str, type] = {
    "backups": str,
    "dir": str,
    "dsn": str,
    "format": str,
    "ledger": str,
    "lock-timeout": str,
    "placeholders": dict,
    "server": str,
    "statement-timeout": str,
}
_PATHS = ("backups", "dir")


def configured() -> dict[str, Any]:
    """The options that the file names, by click's names. Paths in it count from its folder.

    Where it names no folder, that of the pytest plugin counts (``migrations_dir`` of pytest's ini options).

    :raises click.UsageError: where the file cannot be read, or holds what no option is called.
    """
    path = next((folder / _FILE for folder in (Path.cwd(), *Path.cwd().parents) if (folder / _FILE).is_file()), None)
    if path is None:
        return {}
    try:
        tools = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{path} cannot be read: {error}") from None
    options = {**_of_the_plugin(tools.get("pytest", {}).get("ini_options", {})), **tools.get("pytest-migrations", {})}
    for name, value in options.items():
        if name not in _KEYS:
            raise click.UsageError(f"{path}: [{_TABLE}] knows no {name!r}. It may hold {', '.join(_KEYS)}.")
        if not isinstance(value, _KEYS[name]):
            raise click.UsageError(f"{path}: {name} in [{_TABLE}] must be a {_said(_KEYS[name])}.")
    for name in _PATHS:
        if name in options:
            options[name] = os.path.relpath(path.parent / options[name])
    if "placeholders" in options:
        options["placeholders"] = [f"{name}={value}" for name, value in options["placeholders"].items()]
    if "dir" in options:
        options["path"] = options.pop("dir")
    return {name.replace("-", "_"): value for name, value in options.items()}


def _of_the_plugin(ini: dict[str, Any]) -> dict[str, str]:
    folders = ini.get("migrations_dir") or []
    found = {"dir": folders if isinstance(folders, str) else folders[0]} if len(folders) == 1 else {}
    return {**found, **({"format": ini["migrations_format"]} if ini.get("migrations_format") else {})}


def _said(kind: type) -> str:
    return "table" if kind is dict else "string"
