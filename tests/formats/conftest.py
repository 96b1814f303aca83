"""Folders of real files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.formats import read_history

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_migrations.migration import History


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Path]:
    """Writes files, given by their names below one folder, exactly as they are."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        path = tmp_path / "migrations"
        path.mkdir(exist_ok=True)
        for name, content in files.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def history(folder: Callable[[Mapping[str, str | bytes]], Path]) -> Callable[..., History]:
    """What read_history makes of files."""

    def read(
        files: Mapping[str, str | bytes],
        format: str | None = None,  # noqa: A002
        placeholders: Mapping[str, str] | None = None,
    ) -> History:
        return read_history(folder(files), format, placeholders)

    return read
