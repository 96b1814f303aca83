"""The files that hypothesis keeps, as in a process in which it has not yet kept any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import configuration
from hypothesis.internal import charmap
from hypothesis.internal.conjecture import providers

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def keep_files_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "__hypothesis_home_directory", folder)
    monkeypatch.setattr(charmap, "_charmap", None)
    monkeypatch.setattr(charmap, "_categories", None)
    for name, value in (("_seen_modules", set()), ("_sys_modules_len", None)):
        monkeypatch.setattr(providers, name, value, raising=False)  # not in all versions
