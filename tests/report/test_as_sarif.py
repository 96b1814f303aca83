"""What SARIF 2.1.0 requires, and what GitHub's code scanning reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.checks import CHECKS
from pytest_migrations.report.as_sarif import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.report.results import Result, Results

    Add = Callable[..., Result]


def rendered(results: Results) -> dict[str, Any]:
    log = json.loads(render(results))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    return dict(run)


def test_each_check_is_a_rule(results: Results, add: Add) -> None:
    add(check="no_money_in_floats")
    driver = rendered(results)["tool"]["driver"]
    assert driver["name"] == "pytest-migrations"
    assert [rule["id"] for rule in driver["rules"]] == [*CHECKS, "no_money_in_floats"]
    assert driver["rules"][1]["shortDescription"]["text"] == "The migration runs on top of its predecessors."
    for rule in driver["rules"][:-1]:
        text = rule["shortDescription"]["text"]
        assert text[0].isupper()
        assert text.endswith(".")


def test_only_failures_are_results(results: Results, add: Add) -> None:
    add(1, outcome="passed")
    add(2, "roundtrip", outcome="skipped")
    add(3, "reapply")
    run = rendered(results)
    assert run["results"] == [
        {
            "ruleId": "reapply",
            "level": "error",
            "message": {"text": "it broke\nall of it"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "migrations/003_a.sql", "uriBaseId": "SRCROOT"},
                        "region": {"startLine": 1, "startColumn": 2},
                    }
                }
            ],
            "partialFingerprints": {"check/v1": "migrations/003_a.sql::reapply"},
        }
    ]
    assert "SRCROOT" in run["originalUriBaseIds"]
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_what_is_not_known_is_left_out_and_no_message_is_empty(results: Results, add: Add) -> None:
    add(column=None, reason="", headline="")
    (result,) = rendered(results)["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
    assert result["message"]["text"]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("m/a b.sql", "m/a%20b.sql"),
        ("m/é,:%#?.sql", "m/%C3%A9%2C%3A%25%23%3F.sql"),
        ("m/\udcff.sql", "m/%FF.sql"),
        ("../a.sql", "../a.sql"),
    ],
)
def test_names_are_percent_encoded(results: Results, add: Add, file: str, uri: str) -> None:
    add(file=file)
    (result,) = rendered(results)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_fingerprints_stay_where_lines_move(results: Results, add: Add) -> None:
    add(line=1, reason="one")
    before = rendered(results)["results"][0]["partialFingerprints"]
    add(line=9, reason="two")
    assert rendered(results)["results"][0]["partialFingerprints"] == before


def test_contradictions_are_notifications(results: Results, add: Add) -> None:
    add(1, outcome="passed")
    add(2, outcome="skipped", blames="migrations/001_a.sql::apply", blame="001_a.sql broke")
    (invocation,) = rendered(results)["invocations"]
    assert not invocation["executionSuccessful"]
    assert "001_a.sql broke" in invocation["toolExecutionNotifications"][0]["message"]["text"]
