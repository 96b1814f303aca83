"""What the plugin costs those who do not use it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("psycopg", "postgast", "google.protobuf", "sqlglot", "testcontainers", "docker", "hypothesis")


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    modules = loaded_by("import pytest_migrations.plugin")
    assert not modules.intersection(HEAVY)
    assert {name for name in modules if name.startswith("pytest_migrations.")} == {
        "pytest_migrations.plugin",
        "pytest_migrations.settings",
    }


def test_a_run_without_a_folder_loads_nothing_of_ours(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\ndef test_modules():\n"
        "    assert not {'psycopg', 'postgast', 'pytest_migrations.session'}.intersection(sys.modules)\n"
    )
    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=1)
