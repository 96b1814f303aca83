"""Each rule with its own examples: they are its documentation, its fixture and its test at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.formats import read_history
from pytest_migrations.migration import History
from pytest_migrations.runner import Runner
from pytest_migrations.validate import RULES, Rule, Severity, validate

rules = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def history_of(files: Mapping[str, str], folder: Path) -> History:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return read_history(folder)


@rules
def test_the_bad_example_breaks_this_rule_and_no_other(rule: Rule, tmp_path: Path) -> None:
    found = validate(history_of(rule.bad, tmp_path / "bad")).findings
    assert {finding.rule for finding in found} == {rule.id}
    assert {finding.severity for finding in found} == {rule.severity}


@rules
def test_the_good_example_breaks_none(rule: Rule, tmp_path: Path) -> None:
    assert validate(history_of(rule.good, tmp_path / "good")).findings == ()


@rules
def test_a_server_says_the_same(rule: Rule, tmp_path: Path, connection: psycopg.Connection) -> None:
    """What is an error fails on a server, up or down; what is a warning does not, and neither does what is good.

    No server looks at files and remarks.
    """
    is_seen = rule.id not in ("files", "circular-dependency")
    assert _fails(rule.bad, tmp_path / "bad", connection) is (rule.severity is Severity.ERROR and is_seen)
    assert not _fails(rule.good, tmp_path / "good", connection)


def _fails(files: Mapping[str, str], folder: Path, connection: psycopg.Connection) -> bool:
    connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    runner = Runner(connection)
    history = history_of(files, folder)
    try:
        for migration in history:
            runner.apply(migration)
        for migration in reversed(history.migrations):
            if migration.down is not None:
                runner.rollback(migration)
    except UserError:
        return True
    return False


@rules
def test_its_texts_are_whole(rule: Rule) -> None:
    assert rule.id == rule.id.lower() and " " not in rule.id
    assert not rule.name.endswith(".") and len(rule.name) < 60
    for text in (rule.what, rule.why, rule.remedy):
        assert text.endswith(".")
