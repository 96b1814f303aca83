from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_migrations.catalog.difference import Comparison, compare, describe
from pytest_migrations.catalog.privileges import normalised
from pytest_migrations.catalog.records import Heading, Page
from pytest_migrations.catalog.snapshot import Snapshot
from pytest_migrations.catalog.wording import change_texts

_INDEX = "CREATE INDEX applications_status_idx ON public.applications USING btree (status) WHERE (NOT archived)"


def _snapshot(*rows: dict[str, Any]) -> Snapshot:
    names = tuple({name: None for row in rows for name in row})
    types = tuple(next(_type(row[name]) for row in rows if row.get(name) is not None) for name in names)
    records = "".join(f"({','.join(_field(row.get(name)) for name in names)})" for row in rows)
    return Snapshot({"page": Page(Heading(names, types), {0: records.encode()} if rows else {})})


def _type(value: Any) -> int:
    """The OID of the type that the server would send it as: bool, text[], json or text."""
    return {bool: 16, list: 1009, dict: 114}.get(type(value), 25)


def _field(value: Any) -> str:
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, list):
        value = "{" + ",".join(json.dumps(element) for element in value) + "}"
    elif isinstance(value, dict):
        value = json.dumps(value)
    return "" if value is None else '"' + str(value).replace("\\", "\\\\").replace('"', '""') + '"'


def _column(name: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "column", "name": name, "parent": "table public.applications", **fields}


def test_a_description_reads_as_a_person_would_tell_it() -> None:
    index = {"kind": "index", "name": "public.applications_status_idx", "definition": _INDEX}
    kind = {"kind": "type", "name": "public.application_status", "labels": ["'new'", "'old'"]}
    before = _snapshot(index, _column("public.applications.status", **{"not null": True}))
    after = _snapshot(kind, _column("public.applications.status", **{"not null": False}))
    assert describe(compare(before, after)).splitlines() == [
        "missing      index   public.applications_status_idx   on (status) where not archived",
        "changed      column  public.applications.status       not null: true -> false",
        "left behind  type    public.application_status        'new', 'old'",
    ]


def test_a_long_description_ends_with_a_count() -> None:
    comparison = compare(_snapshot(), _snapshot(*({"kind": "view", "name": f"public.v{i:02}"} for i in range(20))))
    lines = describe(comparison).splitlines()
    assert len(lines) == 16
    assert lines[-1] == "... and 5 more"
    assert len(describe(comparison, limit=20).splitlines()) == 20


def test_nothing_differs() -> None:
    comparison = compare(_snapshot(_column("a")), _snapshot(_column("a")))
    assert comparison == Comparison()
    assert comparison.equal
    assert not comparison.differences
    assert describe(comparison) == ""


def test_long_texts_are_cut_to_where_they_differ() -> None:
    words = " ".join(f"word{i}" for i in range(100))
    before = {"kind": "function", "name": "public.f()", "body": f"begin {words} return 1; end"}
    after = {**before, "body": f"begin {words} return 2; end"}
    (found,) = compare(_snapshot(before), _snapshot(after)).differences
    assert found.text == "body: ...word98 word99 return 1; end -> ...word98 word99 return 2; end"
    assert found.changes[0].before == before["body"]


def test_long_indexes_are_cut_to_where_they_differ() -> None:
    columns = ", ".join(f"column_{i}" for i in range(20))
    index = "CREATE UNIQUE INDEX i ON public.t USING btree ({})"
    before, after = change_texts("definition", index.format(columns + ", a"), index.format(columns + ", b"))
    assert (before[-2:], after[-2:]) == ("a)", "b)")
    assert before.startswith("...column_")


def test_texts_that_read_the_same_are_told_apart() -> None:
    body = "BEGIN\n  RETURN NEW;\nEND;"
    assert change_texts("body", body, body.replace("  ", "\t")) == (
        "BEGIN RETURN NEW; END;",
        "the same but for white space",
    )


@pytest.mark.parametrize(
    ("acl", "told"),
    [
        (["app=arwdDxt/app"], None),
        (["app=arwdDxt/app", "reader=r/app"], "owner: ALL; reader: SELECT"),
        (["reader=r/app", "app=arwdDxt/app"], "owner: ALL; reader: SELECT"),
        (["=r*w/other", "app=arwdDxt/app"], "owner: ALL; public: SELECT (grant option), UPDATE by other"),
        (['"odd ""=/ name"=r/app', "app=arwdDxt/app"], '"odd ""=/ name": SELECT; owner: ALL'),
        ([], "nobody"),
    ],
)
def test_privileges_are_told_in_one_order(acl: list[str], told: str | None) -> None:
    every = "DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE"
    expected = told.replace("ALL", every) if told else told
    assert normalised(acl, ["app=arwdDxt/app"], "app") == expected


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, "app: SELECT; owner: DELETE, INSERT, SELECT", ("none", "app: SELECT")),
        ("app: SELECT; owner: SELECT", None, ("app: SELECT", "none")),
        ("a: SELECT; b: SELECT; owner: SELECT", "a: UPDATE; b: SELECT; owner: SELECT", ("a: SELECT", "a: UPDATE")),
        ("a: SELECT; owner: SELECT", "owner: SELECT", ("a: SELECT", "none")),
        (None, "owner: INSERT", ("none", "owner: INSERT")),
    ],
)
def test_privileges_are_told_where_they_differ(before: str | None, after: str | None, told: tuple[str, str]) -> None:
    assert change_texts("privileges", before, after) == told


def test_what_one_reader_was_not_shown_is_no_difference() -> None:
    role = {"kind": "role", "name": "app", "login": False}
    assert compare(_snapshot({**role, "password": True}), _snapshot(role)).equal
    assert not compare(_snapshot({**role, "password": True}), _snapshot({**role, "login": True})).equal
