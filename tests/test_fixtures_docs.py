"""The examples of docs/fixtures.md are run as they stand there, with the libraries that they are about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Project = Callable[..., Path]

DOCS = Path(__file__).parents[1] / "docs" / "fixtures.md"
HISTORY = {
    "001_users.sql": "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, name text);\n"
    "-- ROLLBACK:\n-- DROP TABLE users;\n-- END ROLLBACK\n",
    "002_names.sql": "ALTER TABLE users ADD COLUMN first_name text;\n"
    "UPDATE users SET first_name = split_part(name, ' ', 1);\n"
    "-- ROLLBACK:\n-- ALTER TABLE users DROP COLUMN first_name;\n-- END ROLLBACK\n",
}
SECTIONS = {
    section.partition("\n")[0]: "\n".join(
        line[4:] for line in section.split("\n") if line[:4].isspace() or not line
    ).strip()
    for section in DOCS.read_text().split("\n## ")[1:]
}
EXAMPLES = {name: code for name, code in SECTIONS.items() if "def test_" in code}


def test_every_section_with_code_has_a_test_in_it() -> None:
    assert [name for name, code in SECTIONS.items() if code] == [*EXAMPLES]
    assert len(EXAMPLES) == 9


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example(pytester: pytest.Pytester, project: Project, name: str) -> None:
    project(HISTORY)
    folders = "migrations"
    if name == "Several folders":
        project({"001_invoices.sql": "CREATE TABLE invoices ();\n"}, "billing/migrations")
        folders += " billing/migrations"
    django = ""
    if name == "pytest-django":
        django = "DJANGO_SETTINGS_MODULE = settings\n"
        shop(pytester.mkpydir("shop").parent)
    pytester.makeini(
        f"[pytest]\nmigrations_dir = {folders}\npythonpath = .\n{django}"
        "asyncio_default_fixture_loop_scope = function\naddopts = --strict-markers"
    )
    pytester.makepyfile(test_example=EXAMPLES[name])
    result = pytester.runpytest_subprocess("test_example.py", "-W", "error::pytest.PytestWarning")
    result.assert_outcomes(passed=EXAMPLES[name].count("def test_"))


def shop(folder: Path) -> None:
    """A Django project with a model of the table that the migrations make."""
    (folder / "settings.py").write_text(
        "SECRET_KEY = 'x'\nINSTALLED_APPS = ['shop']\nDEFAULT_AUTO_FIELD = 'django.db.models.AutoField'\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'shop', 'HOST': 'nowhere'}}\n"
    )
    (folder / "shop" / "models.py").write_text(
        "from django.db import models\n\n"
        "class User(models.Model):\n    email = models.TextField(unique=True)\n\n"
        "    class Meta:\n        managed = False\n        db_table = 'users'\n"
    )
