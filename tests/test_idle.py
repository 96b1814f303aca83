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
        "pytest_migrations.hookspecs",
        "pytest_migrations.plugin",
        "pytest_migrations.settings",
    }


def test_importing_the_plugin_costs_next_to_nothing() -> None:
    """Beside pytest itself; the best of a few, since a busy machine makes any of them slow."""
    script = (
        "import pytest, time; started = time.perf_counter(); import pytest_migrations.plugin\n"
        "print(time.perf_counter() - started)"
    )
    runs = [subprocess.run([sys.executable, "-c", script], capture_output=True, check=True) for _ in range(5)]
    assert min(float(run.stdout) for run in runs) < 0.025


def test_the_driver_loads_while_a_server_starts() -> None:
    modules = loaded_by("import pytest_migrations.session, pytest_migrations.timeline.timeline")
    assert not modules.intersection({"psycopg", "testcontainers"})


def test_a_run_without_a_folder_loads_nothing_of_ours(pytester: pytest.Pytester) -> None:
    """Hypothesis is a plugin itself, which pytest loads without us."""
    heavy = {*HEAVY, "pytest_migrations.session"} - {"hypothesis"}
    pytester.makepyfile(f"import sys\ndef test_modules():\n    assert not {heavy}.intersection(sys.modules)\n")
    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=1)
