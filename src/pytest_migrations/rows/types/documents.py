"""JSON, what is searched for in it, and the documents of extensions."""

from __future__ import annotations

import json
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import Scalar, written
from pytest_migrations.rows.types.texts import texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type

# As jsonb writes it, so that nothing is lost on the way from json to jsonb and back.
_OBJECT = '{"list": [{n}, {"deep": true}], "none": null, "text": "Généré {n}", "number": {n}.25}'


def _documents() -> SearchStrategy[Any]:
    numbers = st.integers(-(2**70), 2**70) | st.floats(-1e15, 1e15)
    return st.recursive(
        st.none() | st.booleans() | numbers | texts(50),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts(20), inner, max_size=5),
        max_leaves=8,
    )


def _json(_: Type) -> SearchStrategy[Any]:
    from psycopg.types.json import Json  # noqa: PLC0415 (brings the driver)

    return _documents().map(Json)


def _jsonb(_: Type) -> SearchStrategy[Any]:
    from psycopg.types.json import Jsonb  # noqa: PLC0415 (brings the driver)

    return _documents().map(Jsonb)


def _hstores(_: Type) -> SearchStrategy[str]:
    pairs = st.dictionaries(texts(20), st.none() | texts(50), max_size=5)
    return pairs.map(
        lambda pairs: ", ".join(f"{_quoted(key)}=>{_quoted(value)}" for key, value in pairs.items()),
    )


def _quoted(text: str | None) -> str:
    return "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _lexeme(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _searched(joint: str) -> Callable[[Type], SearchStrategy[str]]:
    def strategy(_: Type) -> SearchStrategy[str]:
        words = texts(20).filter(lambda text: text.strip() != "").map(_lexeme)
        return st.lists(words, max_size=5).map(joint.join)

    return strategy


def _of_labels(joint: str, smallest: int) -> Callable[[Type], SearchStrategy[str]]:
    labels = f"{ascii_letters}{digits}_"
    return lambda _: st.lists(st.text(labels, min_size=1, max_size=20), min_size=smallest, max_size=5).map(joint.join)


def _paths(_: Type) -> SearchStrategy[str]:
    members = texts(20).map(lambda name: f"$.{json.dumps(name, ensure_ascii=False)}")
    return st.sampled_from(("$", "strict $[*]", "$.a ? (@ > 1)", '$.* ? (@ like_regex "^é")')) | members


SCALARS = {
    "json": Scalar(written(_OBJECT), _json),
    "jsonb": Scalar(written(_OBJECT), _jsonb),
    "jsonpath": Scalar(written('$."Généré"[{n}]'), _paths),
    "hstore": Scalar(written('"text"=>"Généré {n}", "none"=>NULL'), _hstores),
    "ltree": Scalar(written("Top.Gen_{n}"), _of_labels(".", 0)),
    "lquery": Scalar(written("Top.*.Gen_{n}"), _of_labels(".", 1)),
    "ltxtquery": Scalar(written("Top & Gen_{n}"), _of_labels(" & ", 1)),
    "tsvector": Scalar(written("'Généré':1A '{n}':2"), _searched(" ")),
    "tsquery": Scalar(written("'Généré' & '{n}'"), _searched(" & ")),
    "query_int": Scalar(written("1&{n}"), lambda _: st.integers(0, 2**31 - 1).map("!{0}|{0}".format)),
}
