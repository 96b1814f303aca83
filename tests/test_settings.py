"""Every option on the command line and in ini files; the command line wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.settings import Settings, read_settings

if TYPE_CHECKING:
    from pathlib import Path

INI = {
    "migrations_dir": "db",
    "migrations_format": "pairs",
    "migrations_server": "embedded:15",
    "migrations_role": "owner",
    "migrations_timeout": "2.5",
    "migrations_require_rollback": "true",
    "migrations_column_order": "strict",
    "migrations_report": "\n    out.json\n    out.sarif",
    "migrations_roles": "app, readonly other",
    "migrations_locale": "C",
    "migrations_placeholders": "\n    schema = app\n    quoted = 'a'",
    "migrations_server_settings": "\n    work_mem = 8MB\n    search_path = 'a, b'",
}


@pytest.fixture
def settings(pytester: pytest.Pytester) -> Any:
    def read(*arguments: str) -> Settings:
        return read_settings(pytester.parseconfig(*arguments))

    return read


def test_the_defaults(settings: Any) -> None:
    found = settings()
    assert found == Settings((), None, "auto", None, None, (), None, {}, 300.0, False, False, (), {})


def test_everything_in_an_ini_file(pytester: pytest.Pytester, settings: Any) -> None:
    pytester.makeini("[pytest]\n" + "\n".join(f"{name} = {value}" for name, value in INI.items()))
    assert settings() == expected(pytester.path)


def test_everything_in_pyproject(pytester: pytest.Pytester, settings: Any) -> None:
    pytester.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        migrations_dir = ["db"]
        migrations_format = "pairs"
        migrations_server = "embedded:15"
        migrations_role = "owner"
        migrations_timeout = "2.5"
        migrations_require_rollback = true
        migrations_column_order = "strict"
        migrations_report = ["out.json", "out.sarif"]
        migrations_roles = ["app", "readonly", "other"]
        migrations_locale = "C"
        migrations_placeholders = ["schema = app", "quoted = 'a'"]
        migrations_server_settings = ["work_mem = 8MB", "search_path = 'a, b'"]
        """
    )
    assert settings() == expected(pytester.path)


def expected(path: Path) -> Settings:
    return Settings(
        folders=(path / "db",),
        format="pairs",
        server="embedded:15",
        environment=None,
        role="owner",
        roles=("app", "readonly", "other"),
        locale="C",
        server_settings={"work_mem": "8MB", "search_path": "a, b"},
        timeout=2.5,
        require_rollback=True,
        strict_column_order=True,
        reports=(path / "out.json", path / "out.sarif"),
        placeholders={"schema": "app", "quoted": "'a'"},
    )


def test_the_command_line_wins(pytester: pytest.Pytester, settings: Any) -> None:
    pytester.makeini("[pytest]\n" + "\n".join(f"{name} = {value}" for name, value in INI.items()))
    found = settings(
        "--migrations-dir=one",
        "--migrations-dir=two/../three",
        "--migrations-format=ours",
        "--migrations-server=docker",
        "--migrations-role=me",
        "--migrations-timeout=0",
        "--migrations-column-order=report",
        "--migrations-report=other.json",
        "--migrations-report=other.md",
    )
    assert found.folders == (pytester.path / "one", pytester.path / "three")
    assert (found.format, found.server, found.role, found.timeout) == ("ours", "docker", "me", None)
    assert not found.strict_column_order
    assert found.reports == (pytester.path / "other.json", pytester.path / "other.md")


def test_a_report_of_the_ini_file_counts_from_there(
    pytester: pytest.Pytester, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\nmigrations_report = my out.json")
    monkeypatch.chdir(pytester.mkdir("below"))
    assert settings().reports == (pytester.path / "my out.json",)
    assert settings("--migrations-report=other.json").reports == (pytester.path / "below" / "other.json",)


@pytest.mark.parametrize("name", ["timeout", "column_order"])
def test_nonsense_in_an_ini_file_is_blamed_on_it(pytester: pytest.Pytester, settings: Any, name: str) -> None:
    pytester.makeini(f"[pytest]\nmigrations_{name} = soon")
    with pytest.raises(pytest.UsageError, match=f"ini migrations_{name}: 'soon'"):
        settings()


def test_a_flag_that_is_not_given_leaves_the_ini_file_its_word(pytester: pytest.Pytester, settings: Any) -> None:
    assert settings("--migrations-require-rollback").require_rollback
    pytester.makeini("[pytest]\nmigrations_require_rollback = false")
    assert not settings().require_rollback
    assert settings("--migrations-require-rollback").require_rollback
