"""The documentation has every rule, in its own words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_migrations.validate import RULES, Rule, Severity

DOCS = Path(__file__).parents[2] / "docs" / "validate.md"
HEADING = "## The rules\n"


def section(rule: Rule) -> str:
    """What the documentation says of a rule."""
    severity = "Warning: " if rule.severity is Severity.WARNING else ""
    paragraphs = (f"{severity}{rule.what}\n{rule.why}", _files(rule.bad), rule.remedy, _files(rule.good))
    return f"\n### {rule.id}\n" + "".join(f"\n{paragraph}\n" for paragraph in paragraphs)


def _files(files: Mapping[str, str]) -> str:
    parts = [f"-- {name}\n{text.rstrip()}\n" for name, text in files.items()]
    return "```sql\n" + "\n".join(parts) + "```"


def test_the_documentation_has_every_rule() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert text.partition(HEADING)[2] == "".join(map(section, RULES.values()))
