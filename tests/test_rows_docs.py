"""The examples of docs/rows.md on rows of one's own, as they stand there."""

from __future__ import annotations

import re
import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Project = Callable[..., Path]

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "docs" / "rows.md").read_text()


def blocks_of(section: str) -> list[str]:
    """The blocks of code of a section."""
    text = DOCS.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)]


HISTORY = {
    "006_names.sql": "CREATE TABLE names (full_name text);\n",
    "007_split_names.sql": "ALTER TABLE names ADD first_name text, ADD last_name text;\n"
    "UPDATE names SET first_name = split_part(full_name, ' ', 1), last_name = split_part(full_name, ' ', 2);\n",
}
#: Stands behind the last migration with all seeds in, in place of a check.
SPY = """
import pytest
from pytest_migrations.collection import CheckItem
from pytest_migrations.seeding import seeds_of
from pytest_migrations.timeline.on_rows.seeded import Seeded

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if isinstance(item, CheckItem):
        servers, history = item.config.pluginmanager.get_plugin("migrations_session").servers, item.prover.history
        seeded = Seeded(history, servers, seeds_of(item, None), server=servers.shared(), timeout=None)
        stand = seeded.stand_before(len(history.migrations))
        assert not stand.failed
        print()
        print(stand.connection.execute("SELECT count(*), string_agg(first_name, ' ' ORDER BY first_name) FROM names "
            "WHERE first_name !~ 'x'").fetchall(), stand.notes)
        seeded.close()
"""


def test_rows_of_ones_own(pytester: pytest.Pytester, project: Project) -> None:
    _, seed, conftest = blocks_of("Rows of your own")
    folder = project(HISTORY)
    project({"006.sql": seed}, "migrations/seeds")
    (folder / "conftest.py").write_text(conftest)
    pytester.makepyfile(spy=SPY)
    pytester.syspathinsert()
    result = pytester.runpytest("-p", "spy", "-s", "-k", "history", "--migrations-dir=migrations")
    result.assert_outcomes(passed=1, deselected=8)
    assert "[(4, ' Ada Grace Plato')] ()" in result.outlines


def test_strategies_in_tests_of_ones_own(pytester: pytest.Pytester, given_server: None) -> None:
    shutil.copytree(ROOT / "example_project" / "migrations", pytester.path / "migrations")
    pytester.makeini("[pytest]\nmigrations_dir = migrations")
    blocks = blocks_of("For your own tests")
    pytester.makepyfile(**{f"test_{number}": block for number, block in enumerate(blocks)})
    result = pytester.runpytest_subprocess(*(f"test_{number}.py" for number in range(len(blocks))))
    result.assert_outcomes(passed=2)
