"""Seeds as files: for which version each is, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.migration import History, Migration, Script
from pytest_migrations.rows.seeds.files import read_seeds
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[..., Path]

NAMES = ("001_users.sql", "002_email.sql", "20240101_orders.sql")


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> History:
    monkeypatch.chdir(tmp_path)
    migrations = [Migration(name.partition("_")[0], name, Script(tmp_path / "db" / name, "", "")) for name in NAMES]
    return History(tmp_path / "db", "test", tuple(migrations))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes seeds, given by their names, exactly as they are."""

    def write(folder: str = "db/seeds", **files: str | bytes) -> Path:
        path = tmp_path / folder
        path.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(history: History, folder: Path | None = None) -> str:
    with pytest.raises(UserError) as caught:
        read_seeds(history, folder)
    assert caught.value.place is not None or "cannot be read" in str(caught.value) or "UTF-8" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "position"),
    [
        ("001.sql", 1),
        ("1.sql", 1),
        ("0002_some_words.sql", 2),
        ("002_email.sql", 2),
        ("20240101_orders.sql", 3),
        ("20240101.SQL", 3),
    ],
)
def test_the_version_that_a_file_is_for(history: History, write: Write, name: str, position: int) -> None:
    write(**{name: "SELECT 1;"})
    seeds = read_seeds(history)
    assert [script.path.name for script in seeds.at(position)] == [name]
    assert list(seeds.scripts) == [position]
    assert seeds


@pytest.mark.parametrize(
    ("name", "version", "stem"),
    [
        ("2024-01-01_users/up.sql", "20240101", "2024-01-01_users"),
        ("2024_a_b/migration.sql", "2024_a_b", "2024_a_b_c"),
        ("V1.2__x.sql", "1.2", "1.2_words"),
        ("all.sql::ann:7", "7", "7"),
    ],
)
def test_versions_and_names_of_other_formats(
    history: History, write: Write, name: str, version: str, stem: str
) -> None:
    other = History(history.folder, "test", (Migration(version, name, Script(history.folder / "x", "", "")),))
    write(**{f"{stem}.sql": ""})
    assert read_seeds(other).at(1)


def test_byte_order_marks_ends_of_lines_and_empty_files(history: History, write: Write) -> None:
    write(**{"1.sql": b"\xef\xbb\xbfSELECT 1;\r\nSELECT 2;\r\n", "2.sql": b""})
    seeds = read_seeds(history)
    (first,), (second,) = seeds.at(1), seeds.at(2)
    assert [(s.text, s.place.line, s.place.column) for s in statements(first)] == [
        ("SELECT 1", 1, 1),
        ("SELECT 2", 2, 1),
    ]
    assert statements(second) == ()


def test_what_is_left_alone(history: History, write: Write) -> None:
    write(**{".hidden": "", ".001.sql": "", "README": "", "readme.md": "", "notes.txt": ""})
    assert not read_seeds(history)


def test_a_folder_of_another_name(history: History, write: Write) -> None:
    write(**{"1.sql": "SELECT 'not asked for'"})
    other = write("elsewhere", **{"2.sql": ""})
    assert list(read_seeds(history, other).scripts) == [2]


def test_the_folder_of_the_migrations_is_none_for_seeds(history: History, write: Write) -> None:
    with pytest.raises(UserError, match="db holds the migrations themselves: seeds need a folder of their own"):
        read_seeds(history, write("db", **{"001_users.sql": ""}))


def test_no_folder_and_a_file_of_its_name(history: History) -> None:
    assert not read_seeds(history)
    history.folder.mkdir()
    (history.folder / "seeds").write_text("")
    assert not read_seeds(history)


def test_the_format_s_own_folder_of_that_name(history: History, write: Write) -> None:
    path = write(**{"1.sql": ""})
    within = Migration("9", "seeds/V9__x.sql", Script(path / "V9__x.sql", "", ""))
    assert not read_seeds(History(history.folder, "test", (*history.migrations, within)))


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"007.sql": ""},
            "db/seeds/007.sql is a seed, and there is no migration '007'; near to it are 002, 001. Call it as the ",
        ),
        ({"users.sql": ""}, "there is no migration 'users'; the first is 001, the last 20240101"),
        (
            {"001.sql": "", "1_more.sql": ""},
            "db/seeds/001.sql and db/seeds/1_more.sql are both for 001_users.sql. Write them into one file.",
        ),
        (
            {"001.csv": ""},
            "db/seeds/001.csv is among the seeds, and is no .sql file. Write what it is for in SQL, or move it",
        ),
        ({"001.sql": b"SELECT '\xe4';"}, "db/seeds/001.sql:1:9: the byte 0xE4 is not UTF-8"),
        ({"001.sql": "SELECT '\0';"}, "db/seeds/001.sql:1:9: a NUL character"),
    ],
    ids=["unknown", "no version", "twice", "no SQL", "not UTF-8", "NUL"],
)
def test_mistakes(history: History, write: Write, files: dict[str, str | bytes], told: str) -> None:
    write(**files)
    assert told in refusal(history)


def test_a_folder_among_the_seeds(history: History, write: Write) -> None:
    (write() / "more").mkdir()
    assert "db/seeds/more is a folder among the seeds, where it is not looked into" in refusal(history)


def test_two_migrations_of_one_version(history: History, write: Write) -> None:
    again = Migration("1", "1_again.sql", Script(history.folder / "1_again.sql", "", ""))
    write(**{"001.sql": ""})
    told = refusal(History(history.folder, "test", (*history.migrations, again)))
    assert "001_users.sql and 1_again.sql are both 001: name one of them as it is called here" in told


def test_those_of_code_come_behind_those_of_files(history: History, write: Write) -> None:
    write(**{"1.sql": "", "2.sql": ""})
    files = read_seeds(history)
    write("other", **{"002_x.sql": "", "20240101.sql": ""})
    merged = files.followed_by(read_seeds(history, history.folder.parent / "other"))
    assert [script.path.name for script in merged.until(3)] == ["1.sql", "2.sql", "002_x.sql", "20240101.sql"]
    assert [script.path.name for script in merged.until(1)] == ["1.sql"]
