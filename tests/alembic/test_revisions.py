"""Which revisions there are: their order, their ids, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.alembic.revisions import EMAIL, USERS, revision, run
from tests.git import git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Project = Callable[..., Path]


def test_ids_can_be_passed_back(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS, test_b=EMAIL)
    pytester.makeini("[pytest]\npython_files = *.py")
    run(pytester, "migrations/versions/test_b.py::roundtrip").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=9)


def test_branches_merges_and_dependencies(pytester: pytest.Pytester, init: Project) -> None:
    init(
        a=USERS,
        b=EMAIL,
        c=revision("left", "a1", 'op.execute("CREATE TABLE l ()")', 'op.execute("DROP TABLE l")'),
        d=revision("merge", ("a2", "left"), "pass"),
        e=revision("other", None, 'op.execute("CREATE TABLE o ()")', 'op.execute("DROP TABLE o")'),
        f=revision(
            "needy",
            "merge",
            'op.execute("CREATE TABLE n () INHERITS (o)")',
            'op.execute("DROP TABLE n")',
            'depends_on = "other"\n',
        ),
    )
    run(pytester).assert_outcomes(passed=25)


def test_a_waiver_in_python(pytester: pytest.Pytester, init: Project) -> None:
    up = 'op.execute("CREATE TABLE x ()")  # pytest-migrations: skip roundtrip, reapply (keeps x)'
    init(a=USERS, b=revision("a2", "a1", up, 'op.execute("SELECT 1")'))
    run(pytester).assert_outcomes(passed=7, skipped=2)


def test_what_a_branch_adds(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS)
    git(pytester.path, "init", "-q", "-b", "base")
    git(pytester.path, "add", "migrations")
    git(pytester.path, "commit", "-qm", "base")
    (pytester.path / "migrations/versions/b.py").write_text(EMAIL)
    run(pytester, "--migrations-since=base").assert_outcomes(passed=5, deselected=4)
    users = pytester.path / "migrations/versions/a.py"
    users.write_text(USERS.replace("downgrade():", "downgrade():  # mended"))
    run(pytester, "--migrations-since=base").assert_outcomes(passed=9)
    users.write_text(USERS.replace("upgrade():", "upgrade():  # changed", 1))
    result = run(pytester, "--migrations-since=base", "-k", "history")
    result.stdout.fnmatch_lines(["*versions/a.py: versions/a.py was edited since base*"])


def test_with_xdist(pytester: pytest.Pytester, init: Project) -> None:
    init(a=USERS, b=EMAIL)
    result = pytester.runpytest("--migrations-dir=migrations", "-n2")
    result.assert_outcomes(passed=9)
