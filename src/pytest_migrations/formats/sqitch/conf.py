"""Where a Sqitch project keeps its files, as sqitch.conf says.

As Sqitch 1.6 reads it (lib/App/Sqitch/Target.pm): a setting is looked for in the target, then in the engine, then in
``[core]``, and paths count from the folder of sqitch.conf. Only the engine ``pg`` is ours.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.formats.reading.above import files_above
from pytest_migrations.formats.reading.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECTION = re.compile(r'\s*\[\s*(?P<name>[^\s"\]]+)\s*(?:"(?P<sub>[^"]*)")?\s*\]')
_SETTING = re.compile(r'\s*(?P<key>[\w.-]+)\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>[^#;]*?))\s*(?:[#;].*)?')
_ENGINES = ("pg", "cockroach")


@dataclass(frozen=True)
class Project:
    """The paths of a project, and the settings that they come from."""

    root: Path
    settings: Mapping[str, str]
    engine: str = "pg"

    @classmethod
    def of(cls, folder: Path) -> Project:
        """The project whose plan lies in the folder or below it; sqitch.conf lies in the folder or above it.

        :raises UserError: where that project is for another database.
        """
        for conf in files_above(folder, "sqitch.conf"):
            settings = _read(Folder(conf.parent).text("sqitch.conf"))
            engine = settings.get("core.engine", "pg")
            if engine not in _ENGINES and any(key.startswith("engine.pg.") for key in settings):
                engine = "pg"
            project = cls(conf.parent, settings, engine)
            if project.plan.is_relative_to(folder.absolute()):
                if engine not in _ENGINES:
                    raise UserError(
                        f"{display_path(conf)}: its engine is {engine}, so these scripts are not PostgreSQL's. "
                        "Name a folder of engine = pg in --migrations-dir."
                    )
                return project
        return cls(folder.absolute(), {})

    @property
    def plan(self) -> Path:
        return self._path("plan_file", self._path("top_dir", self.root) / "sqitch.plan")

    @property
    def extension(self) -> str:
        return self._setting("extension") or "sql"

    def scripts(self, kind: str, *, reworked: bool) -> Path:
        """The folder of the scripts called deploy, revert or verify; earlier versions of changes may have their own."""
        top = self._path("top_dir", self.root)
        if not reworked:
            return self._path(f"{kind}_dir", top / kind)
        beside = self._path("reworked_dir", top) / (self._setting(f"{kind}_dir") or kind)
        return self._path(f"reworked_{kind}_dir", beside)

    def variables(self, kind: str) -> dict[str, str]:
        """The variables of psql for the scripts called deploy, revert or verify."""
        sections = ["core", "deploy", kind, f"engine.{self.engine}", f"target.{self._target}"]
        found = {"registry": self._setting("registry") or "sqitch"}
        for section in sections:
            prefix = f"{section}.variables."
            found |= {key[len(prefix) :]: value for key, value in self.settings.items() if key.startswith(prefix)}
        return found

    @property
    def _target(self) -> str:
        return self.settings.get("core.target") or self.settings.get(f"engine.{self.engine}.target", "")

    def _setting(self, key: str) -> str | None:
        for section in (f"target.{self._target}", f"engine.{self.engine}", "core"):
            if value := self.settings.get(f"{section}.{key}"):
                return value
        return None

    def _path(self, key: str, otherwise: Path) -> Path:
        value = self._setting(key)
        return Path(os.path.normpath(self.root / value)) if value else otherwise


def _read(text: str) -> dict[str, str]:
    """The settings of a file in Git's style, each as ``section.subsection.key``."""
    settings, section = {}, ""
    for line in text.splitlines():
        if match := _SECTION.match(line):
            section = match["name"].lower() + (f".{match['sub']}" if match["sub"] else "")
        elif match := _SETTING.fullmatch(line):
            settings[f"{section}.{match['key']}"] = match["bare"] if match["quoted"] is None else match["quoted"]
    return settings
