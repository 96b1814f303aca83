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
    "migrations_rows": "9",
    "migrations_walk": "true",
    "migrations_server_settings": "\n    work_mem = 8MB\n    search_path = 'a, b'",
}


@pytest.fixture(autouse=True)
def few_plugins(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """No option is given that a test does not give."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


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
        migrations_rows = "9"
        migrations_walk = true
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
        rows=9,
        walk=True,
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
        "--migrations-rows=0",
    )
    assert found.folders == (pytester.path / "one", pytester.path / "three")
    assert (found.format, found.server, found.role, found.timeout) == ("ours", "docker", "me", None)
    assert not found.strict_column_order
    assert (found.rows, found.walk) == (0, True)
    assert found.reports == (pytester.path / "other.json", pytester.path / "other.md")


def test_a_report_of_the_ini_file_counts_from_there(
    pytester: pytest.Pytester, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\nmigrations_report = my out.json")
    monkeypatch.chdir(pytester.mkdir("below"))
    assert settings().reports == (pytester.path / "my out.json",)
    assert settings("--migrations-report=other.json").reports == (pytester.path / "below" / "other.json",)


@pytest.mark.parametrize("name", ["timeout", "column_order", "rows"])
def test_nonsense_in_an_ini_file_is_blamed_on_it(pytester: pytest.Pytester, settings: Any, name: str) -> None:
    pytester.makeini(f"[pytest]\nmigrations_{name} = soon")
    with pytest.raises(pytest.UsageError, match=f"ini migrations_{name}: 'soon'"):
        settings()


def test_a_flag_that_is_not_given_leaves_the_ini_file_its_word(pytester: pytest.Pytester, settings: Any) -> None:
    assert settings("--migrations-require-rollback", "--migrations-walk").require_rollback
    assert settings("--migrations-walk").walk
    pytester.makeini("[pytest]\nmigrations_require_rollback = false\nmigrations_walk = false")
    assert not settings().walk
    assert not settings().require_rollback
    assert settings("--migrations-require-rollback").require_rollback


@pytest.mark.parametrize(("value", "rows"), [("0", 0), ("1", 1), ("100000", 100_000), ("", 5)])
def test_how_many_rows(pytester: pytest.Pytester, settings: Any, value: str, rows: int) -> None:
    assert settings(f"--migrations-rows={value}").rows == rows
    pytester.makeini(f"[pytest]\nmigrations_rows = {value}")
    assert settings().rows == rows


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "100001", "1e3", "9" * 5000])
def test_no_number_of_rows(settings: Any, value: str) -> None:
    with pytest.raises(
        pytest.UsageError, match=r"--migrations-rows: '.*' is not a number of rows, from 0 .* to 100000"
    ):
        settings(f"--migrations-rows={value}")


def test_seeds_count_from_where_they_are_named(
    pytester: pytest.Pytester, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("rows", "below", "below/rows"):
        pytester.mkdir(folder)
    pytester.makeini("[pytest]\nmigrations_seeds = below/../rows")
    monkeypatch.chdir(pytester.path / "below")
    assert settings().seeds == pytester.path / "rows"
    assert settings("--migrations-seeds=rows").seeds == pytester.path / "below" / "rows"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--migrations-seeds=nowhere"], "--migrations-seeds: .*nowhere does not exist"),
        (["--migrations-seeds=file"], "--migrations-seeds: .*file is no folder"),
        (
            ["--migrations-seeds=rows", "--migrations-dir=one", "--migrations-dir=two"],
            "--migrations-seeds names the seeds of one folder of migrations, and there are 2: put a folder named seeds",
        ),
    ],
)
def test_seeds_that_cannot_be_meant(pytester: pytest.Pytester, settings: Any, arguments: list[str], told: str) -> None:
    pytester.mkdir("rows")
    (pytester.path / "file").write_text("")
    with pytest.raises(pytest.UsageError, match=told):
        settings(*arguments)


def test_one_folder_that_is_named_twice_may_have_seeds(pytester: pytest.Pytester, settings: Any) -> None:
    pytester.mkdir("rows")
    found = settings("--migrations-seeds=rows", "--migrations-dir=one", "--migrations-dir=two/../one")
    assert found.seeds == pytester.path / "rows"
