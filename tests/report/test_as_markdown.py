"""Whole, safe from what it quotes, and never too big for GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.report.as_markdown import LIMIT, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.report.results import Result, Results

    Add = Callable[..., Result]


def test_the_totals_and_each_failure(results: Results, add: Add) -> None:
    add(1)
    add(1, "rollback", outcome="skipped")
    for number in (2, 3):
        add(number, outcome="passed")
    add(1, folder="o`ther", id="other", outcome="accepted")
    assert (
        render(results)
        == """## Migrations on PostgreSQL 18.1 embedded

- `migrations`: 3 migrations, 1 failed, 2 passed, 1 skipped
- `` o`ther ``: 1 migration, 1 accepted

<details><summary><code>migrations/001_a.sql::apply</code> 1:2: it broke</summary>

```text
it broke
all of it
```

</details>
"""
    )


def test_nothing_needed_a_server(results: Results, add: Add) -> None:
    add(server=None, outcome="passed")
    assert render(results).startswith("## Migrations\n")


def test_contradictions_are_shown(results: Results, add: Add) -> None:
    add(1, outcome="passed")
    add(2, outcome="skipped", blames="migrations/001_a.sql::apply", blame="001_a.sql broke")
    assert "disagree</code> </summary>\n\n```text\nmigrations/001_a.sql::apply passed in one" in render(results)


@pytest.mark.parametrize(("quoted", "fence"), [("`", "```"), ("```", "````"), ("a\n`````sql\n", "``````")])
def test_no_text_ends_its_fence(results: Results, add: Add, quoted: str, fence: str) -> None:
    add(reason=quoted)
    assert f"\n\n{fence}text\n{quoted}\n{fence}\n\n</details>" in render(results)


def test_what_is_quoted_is_no_markup(results: Results, add: Add) -> None:
    add(id="<b>::apply", headline='</summary> & "x"')
    assert "<code>&lt;b&gt;::apply</code> &lt;/summary&gt; &amp; &quot;x&quot;</summary>" in render(results)


def test_a_long_text_is_cut(results: Results, add: Add) -> None:
    add(reason="x" * 70_000)
    assert "x\n... and 4464 more characters\n```" in render(results)


@pytest.mark.parametrize("limit", [LIMIT, 10_000])
def test_what_does_not_fit_is_left_out_and_counted(results: Results, add: Add, limit: int) -> None:
    for number in range(100):
        add(number, reason="é" * 20_000 if limit == LIMIT else "é" * 100)
    text = render(results, limit)
    assert limit * 0.9 < len(text.encode()) <= limit
    shown = text.count("</details>")
    assert 0 < shown < 100
    assert text.endswith(
        f"\n{100 - shown} more failures are left out here, to stay below {limit} bytes. "
        "The log and the other reports have them.\n"
    )
