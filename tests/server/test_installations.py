from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from pytest_migrations.server import installations

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def first() -> installations.Installation:
    return next(installations.installed())


def test_what_is_known_of_an_installation() -> None:
    found = first()
    assert found.major >= 14
    assert found.version.startswith(f"{found.major}.")
    assert "plpgsql" in found.extensions
    assert str(found).startswith(f"PostgreSQL {found.version} ")


def test_wheels_come_before_the_machines_own_and_none_twice() -> None:
    found = list(installations.installed())
    kinds = [one.wheel is None for one in found]
    assert kinds == sorted(kinds)
    assert len({(one.bin / "postgres").resolve() for one in found}) == len(found)


def test_wheels_are_not_imported() -> None:
    assert all(one.wheel is None or one.wheel.replace("-", "_") not in sys.modules for one in installations.installed())


def test_a_folder_without_the_programs(tmp_path: Path) -> None:
    (tmp_path / "postgres").touch()
    assert installations.in_folder(tmp_path) is None


def test_a_program_that_does_not_run(tmp_path: Path) -> None:
    for program in ("postgres", "initdb"):
        (tmp_path / program).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / program).chmod(0o755)
    found = installations.in_folder(tmp_path)
    assert found
    assert (found.version, found.major, found.extensions) == ("", 0, frozenset())


def test_programs_on_the_path_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("postgres", "initdb"):
        shutil.copy(first().bin / program, tmp_path / program)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert tmp_path in [one.bin for one in installations.installed()]


def test_the_identity_changes_with_the_program(tmp_path: Path) -> None:
    for program in ("postgres", "initdb"):
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    before = installations.Installation(tmp_path).identity
    (tmp_path / "postgres").write_text("#!/bin/sh\n:\n")
    assert installations.Installation(tmp_path).identity != before
