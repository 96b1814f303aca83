"""A project as Alembic makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import alembic.command  # before pytester, which would load it anew for each run
import pytest
import sqlalchemy.ext.asyncio  # noqa: F401
from alembic.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def init(pytester: pytest.Pytester, given_server: None) -> Callable[..., Path]:
    """Write a project as ``alembic init`` does, with revisions of the test's own."""

    def write(template: str = "generic", env: str | None = None, **revisions: str) -> Path:
        folder = pytester.path / "migrations"
        config = Config(str(pytester.path / "alembic.ini"), **_toml(pytester.path, template))
        alembic.command.init(config, str(folder), template=template)
        for name, text in revisions.items():
            (folder / "versions" / f"{name}.py").write_text(text)
        if env is not None:
            (folder / "env.py").write_text(env)
        return folder

    return write


def _toml(path: Path, template: str) -> dict[str, Any]:
    return {"toml_file": str(path / "pyproject.toml")} if template == "pyproject" else {}
