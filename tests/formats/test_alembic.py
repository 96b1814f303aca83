"""How Alembic's folders are read: order, versions, rollbacks, and what is wrong with them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.formats import read_history
from pytest_migrations.sql.grammar import does_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_migrations.migration import History

    Read = Callable[..., History]
    Write = Callable[[Mapping[str, str | bytes]], Path]

ENV = "from alembic import context\ncontext.configure()\ncontext.run_migrations()\n"


def revision(name: str, down: object = None, *, body: str = "pass", down_body: str = "pass", more: str = "") -> str:
    return (
        f"revision = {name!r}\ndown_revision = {down!r}\n{more}\n\n"
        f"def upgrade():\n    {body}\n\n\ndef downgrade():\n    {down_body}\n"
    )


def project(**revisions: str) -> dict[str, str]:
    return {"env.py": ENV, **{f"versions/{name}.py": text for name, text in revisions.items()}}


def told(read: Read, files: Mapping[str, str]) -> str:
    with pytest.raises(UserError) as caught:
        read(files)
    return str(caught.value)


def test_order_is_that_of_the_graph_not_of_the_names(history: Read) -> None:
    read = history(project(a=revision("r3", "r2"), b=revision("r1"), c=revision("r2", "r1")))
    assert read.format == "alembic"
    assert [(m.version, m.name, m.dependencies) for m in read.migrations] == [
        ("r1", "versions/b.py", ()),
        ("r2", "versions/c.py", ("r1",)),
        ("r3", "versions/a.py", ("r2",)),
    ]
    assert read.ledger is not None
    assert not read.notes


def test_branches_merges_and_dependencies(history: Read) -> None:
    read = history(
        project(
            a=revision("left", "root"),
            b=revision("right", "root", more="depends_on = 'other'"),
            c=revision("root"),
            d=revision("merge", ("left", "right")),
            e=revision("other"),
        )
    )
    order = [migration.version for migration in read.migrations]
    assert sorted(order) == ["left", "merge", "other", "right", "root"]
    assert order.index("other") < order.index("right") < order.index("merge")
    assert order.index("root") < order.index("left") < order.index("merge")
    assert {m.version: m.dependencies for m in read.migrations}["right"] == ("other", "root")


def test_several_heads_are_noted(history: Read) -> None:
    read = history(project(a=revision("a"), b=revision("b", "a"), c=revision("c", "a")))
    assert read.notes == ("2 heads, which are all applied: b, c",)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pass", "does nothing"),
        ("'''Why.'''", "does nothing"),
        ("return", "does nothing"),
        ("raise NotImplementedError", None),
        ("'''Why.'''\n    raise RuntimeError('no way back')", None),
        ("op.drop_table('a')", "runs"),
        ("if True:\n        raise NotImplementedError", "runs"),
    ],
)
def test_what_a_downgrade_is(history: Read, body: str, expected: str | None) -> None:
    (migration,) = history(project(a=revision("a", down_body=body))).migrations
    found = None if migration.down is None else "does nothing" if does_nothing(migration.down) else "runs"
    assert found == expected


def test_no_downgrade_is_no_rollback(history: Read) -> None:
    (migration,) = history(project(a=revision("a").partition("def downgrade")[0])).migrations
    assert migration.down is None


def test_scripts_are_programs_at_their_functions(history: Read) -> None:
    (migration,) = history(project(a=revision("a"))).migrations
    assert migration.down is not None
    assert (migration.up.start.line, migration.down.start.line) == (5, 9)
    assert (migration.up.text, migration.up.transactional) == ("", True)
    assert migration.up.source.startswith("revision = 'a'")


@pytest.mark.parametrize("named", ["alembic", "%(here)s/alembic"])
def test_alembic_ini(folder: Write, named: str) -> None:
    root = folder(
        {
            "alembic.ini": f"[alembic]\nscript_location = {named}\nversion_locations = %(here)s/one %(here)s/two\n"
            "path_separator = space\nprepend_sys_path = .\n",
            "alembic/env.py": ENV,
            "one/a.py": revision("a"),
            "two/b.py": revision("b", "a"),
        }
    )
    assert [m.name for m in read_history(root).migrations] == ["one/a.py", "two/b.py"]
    with pytest.raises(UserError, match=r"one/a\.py is one of the revisions, but lies outside of .*/alembic\. Name a"):
        read_history(root / "alembic")


def test_the_folder_of_the_revisions_itself(folder: Write) -> None:
    root = folder({**project(a=revision("a")), "versions/postgresql/b.py": revision("b")})
    assert [m.name for m in read_history(root / "versions").migrations] == ["a.py"]
    assert [m.name for m in read_history(root / "versions/postgresql").migrations] == ["b.py"]


def test_a_folder_named_from_where_one_is(folder: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    root = folder({"env.py": ENV, "versions/a.py": revision("a")})
    monkeypatch.chdir(root.parent)
    assert [m.name for m in read_history(Path(root.name)).migrations] == ["versions/a.py"]
    monkeypatch.chdir(root)
    assert [m.name for m in read_history(Path("versions")).migrations] == ["a.py"]


def test_an_ini_file_beside_env_may_name_a_folder_that_is_not_there(history: Read) -> None:
    assert history({**project(a=revision("a")), "alembic.ini": "[alembic]\nscript_location = src/a/b"}).migrations


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (project(a=revision("a"), b=revision("a", None)), ["versions/b.py:1:1: the revision a is also that of", "id"]),
        (project(a=revision("a", "z")), ["versions/a.py:2:1: there is no revision z", "Add the file"]),
        (project(a=revision("a", "b"), b=revision("b", "a")), ["a.py:2:1: Alembic cannot order", "Cycle", "before it"]),
        (project(a=revision("a", more="depends_on = 'z'")), ["a.py:2:1: Alembic cannot order the revisions", "'z'"]),
        (project(a="revision = 'a'\ndown_revision = None\ndef upgrade(:\n"), ["a.py:3:", "(SyntaxError)", "mend"]),
        (project(a=revision("a", more="import nothing_of_this_name")), ["a.py:3:1: ModuleNotFoundError: No module"]),
        (project(a=revision("a"), z="x = 1\n"), ["Could not determine revision id from filename z.py"]),
        ({"env.py": ENV}, ["no migrations found"]),
        ({"alembic.ini": "[alembic]\nscript_location = elsewhere"}, ["elsewhere has no env.py", "Name the folder"]),
        ({"alembic.ini": "[alembic]\nscript_location = %(nothing)s"}, ["alembic.ini: Bad value substitution"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(history: Read, files: Mapping[str, str], expected: list[str]) -> None:
    message = told(history, files)
    assert [part for part in expected if part not in message] == []


def test_without_the_extra(history: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "alembic", None)
    assert "pip install 'pytest-migrations[alembic]'" in told(history, project(a=revision("a")))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"001_a.sql": "SELECT 1;", "002_b.py": "from yoyo import step\n__depends__ = {}\n"}, "ours"),
        ({"001_a.sql": "SELECT 1;", "versions/a.py": "x = 1"}, "ours"),
        ({"001_a.sql": "SELECT 1;", "env.py": "import os"}, "ours"),
        ({"001_a.up.sql": "SELECT 1;", "001_a.down.sql": "SELECT 1;", "env.py": "x = 1"}, "pairs"),
        ({**project(a=revision("a")), "seed.sql": "SELECT 1;"}, "alembic"),
    ],
)
def test_neighbours(history: Read, files: Mapping[str, str], expected: str) -> None:
    assert history(files).format == expected
