from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.server import folders


@pytest.fixture
def no_shared_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(folders, "_SHARED_MEMORY", tmp_path / "missing")


@pytest.fixture
def temp_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.usefixtures("no_shared_memory", "temp_directory")
def test_a_temp_directory_too_long_for_a_socket_is_passed_over() -> None:
    assert folders.runs_folder() == Path(f"/tmp/pytest-migrations-{os.getuid()}")


@pytest.mark.usefixtures("no_shared_memory")
def test_the_temp_directory_is_used_where_it_is_short_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        assert folders.runs_folder() == Path(folder, f"pytest-migrations-{os.getuid()}")
        assert folders.runs_folder() in folders.existing_runs_folders()


@pytest.mark.usefixtures("no_shared_memory")
def test_a_folder_that_leads_elsewhere_is_not_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder, f"pytest-migrations-{os.getuid()}").symlink_to(tmp_path)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        assert folders.runs_folder() == Path(f"/tmp/pytest-migrations-{os.getuid()}")


@pytest.mark.usefixtures("no_shared_memory")
def test_a_comma_would_split_the_servers_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="a,b") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        assert folders.runs_folder() == Path(f"/tmp/pytest-migrations-{os.getuid()}")


@pytest.mark.usefixtures("temp_directory")
def test_little_shared_memory_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_ROOM_BYTES", 1 << 60)
    assert folders.runs_folder() == Path(f"/tmp/pytest-migrations-{os.getuid()}")


def test_no_place_at_all_is_an_error_that_lists_them(monkeypatch: pytest.MonkeyPatch, temp_directory: Path) -> None:
    monkeypatch.setattr(folders, "_candidates", lambda: [temp_directory / "x", Path("/proc/pytest-migrations")])
    with pytest.raises(UserError, match="too long for the path of a socket") as caught:
        folders.runs_folder()
    assert "/proc/pytest-migrations  " in str(caught.value)
    assert str(caught.value).endswith("Set TMPDIR to a folder that you can write to.")
