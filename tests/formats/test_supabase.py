"""The migrations of a Supabase project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.formats import read_history

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_migrations.migration import History


@pytest.fixture
def supabase(tmp_path: Path) -> Callable[[Mapping[str, str]], History]:
    """What is read of files in supabase/."""

    def read(files: Mapping[str, str]) -> History:
        for name, text in files.items():
            path = tmp_path / "supabase" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return read_history(tmp_path / "supabase" / "migrations")

    return read


def test_migrations(supabase: Callable[..., History]) -> None:
    read = supabase(
        {
            "config.toml": "",
            "seed.sql": "",
            "migrations/20240102000000_b.sql": "SELECT 2;",
            "migrations/20240101000000_a.sql": "SELECT 1;",
        }
    )
    assert read.format == "supabase"
    assert [(m.version, m.name, m.up.text) for m in read.migrations] == [
        ("20240101000000", "20240101000000_a.sql", "SELECT 1;"),
        ("20240102000000", "20240102000000_b.sql", "SELECT 2;"),
    ]
    assert all(m.down is None and m.up.transactional for m in read.migrations)
    assert read.problems == ()
    (note,) = read.notes
    assert note.endswith("supabase/seed.sql is left out: it is no migration.")


def test_what_supabase_provides_is_told(supabase: Callable[..., History]) -> None:
    read = supabase(
        {
            "migrations/1_a.sql": 'GRANT SELECT ON x TO "anon", service_role;',
            "migrations/2_b.sql": "CREATE TABLE t (id uuid REFERENCES auth.users); SELECT author.x FROM author;",
        }
    )
    roles, schemas = read.notes
    assert "anon, service_role. Have them created with ini migrations_roles = anon, service_role." in roles
    assert "provides: auth. Create what they need of them in the hook pytest_migrations_prepare." in schemas


@pytest.mark.parametrize(
    ("names", "read_names"),
    [
        (["20211208000000_init.sql", "20220101000000_a.sql"], ["20220101000000_a.sql"]),
        (["20211209000000_init.sql"], ["20211209000000_init.sql"]),
        (["20200101000000_a.sql", "20211208000000_init.sql"], ["20200101000000_a.sql", "20211208000000_init.sql"]),
    ],
)
def test_an_old_init_is_left_out(supabase: Callable[..., History], names: list[str], read_names: list[str]) -> None:
    read = supabase({f"migrations/{name}": "" for name in names})
    assert [m.name for m in read.migrations] == read_names
    assert [note.split()[0] for note in read.notes] == [name for name in names if name not in read_names]


def test_problems(supabase: Callable[..., History]) -> None:
    read = supabase({f"migrations/{name}": "" for name in ["10_a.sql", "9_b.sql", "9_c.sql", "fix.sql"]})
    assert [problem.path.name for problem in read.problems] == ["9_c.sql", "9_b.sql", "fix.sql"]
    assert "Supabase sorts versions as text" in read.problems[1].message


@pytest.mark.parametrize("folder", ["migrations", "supabase/seeds", "supabase/migrations/old"])
def test_other_folders_are_not_of_supabase(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "1_a.sql").touch()
    assert read_history(tmp_path / folder).format == "ours"


def test_on_a_server(pytester: pytest.Pytester, project: Callable[..., Path]) -> None:
    project(
        {
            "1_a.sql": "CREATE TABLE a ();",
            "2_b.sql": "GRANT SELECT ON a TO anon;",
            "3_c.sql": "GRANT ALL ON a TO nobody",
        },
        "supabase/migrations",
    )
    pytester.makeini("[pytest]\nmigrations_dir = supabase/migrations\nmigrations_roles = anon")
    result = pytester.runpytest()
    result.assert_outcomes(passed=3, failed=1, skipped=9)
    result.stdout.fnmatch_lines(["migrations: 3 in supabase/migrations/ (supabase)*", '*role "nobody" does not exist*'])
