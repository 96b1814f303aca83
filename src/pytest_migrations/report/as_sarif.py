"""The report for code scanning: SARIF 2.1.0 (OASIS, docs.oasis-open.org/sarif/sarif/v2.1.0)."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_migrations.checks import CHECKS, description

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.report.results import Result, Results

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"


def render(results: Results) -> str:
    """Each failure as a result of the rule that is called like its check."""
    run = {
        "tool": {
            "driver": {
                "name": "pytest-migrations",
                "version": version("pytest-migrations"),
                "rules": [*_rules(results)],
            }
        },
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not results.contradictions,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": text}} for text in results.contradictions
                ],
            }
        ],
        "results": [_result(result, results.path_in_repository(result)) for result in results.failures],
    }
    content = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _result(result: Result, path: str) -> dict[str, Any]:
    region = {"startLine": result.line, **({"startColumn": result.column} if result.column else {})}
    return {
        "ruleId": result.check,
        "level": "error",
        "message": {"text": result.reason or result.headline or result.id},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": _uri(path), "uriBaseId": _ROOT}, "region": region}}
        ],
        # Lines move and texts change: the same check of the same migration is the same finding.
        "partialFingerprints": {"check/v1": result.id},
    }


def _uri(path: str) -> str:
    return quote(path.encode(errors="surrogateescape"))


def _rules(results: Results) -> Iterator[dict[str, Any]]:
    """Our checks, and those of the user's own that were run."""
    for name in CHECKS:
        yield {"id": name, "shortDescription": {"text": description(name)[0]}}
    for name in dict.fromkeys(result.check for result in results.all if result.check not in CHECKS):
        yield {"id": name}
