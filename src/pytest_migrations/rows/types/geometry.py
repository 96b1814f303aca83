"""Points and what is made of them. Those of different numbers do not overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import Scalar, joined, offset, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type


#: What six digits can tell, which is all that a seg has.
_SEGMENTS = 800_000


def _segment(_: Type, number: str) -> str:
    return joined("{n}", f"(100003 + {offset(number, _SEGMENTS)})")


def _numbers() -> SearchStrategy[str]:
    return st.floats(-1e30, 1e30).map(str)


def _points() -> SearchStrategy[str]:
    return st.tuples(_numbers(), _numbers()).map(lambda point: "({},{})".format(*point))


def _of_points(start: str, end: str, least: int, most: int) -> Callable[[Type], SearchStrategy[str]]:
    return lambda _: st.lists(_points(), min_size=least, max_size=most).map(
        lambda points: f"{start}{','.join(points)}{end}"
    )


def _lines(_: Type) -> SearchStrategy[str]:
    return st.tuples(st.integers(1, 1000), _numbers(), _numbers()).map(lambda line: "{{{},{},{}}}".format(*line))


def _circles(_: Type) -> SearchStrategy[str]:
    return st.tuples(_points(), st.floats(0, 1e30)).map(lambda circle: "<{},{}>".format(*circle))


SCALARS = {
    "point": Scalar(written("({n}.25,-{n}.5)"), lambda _: st.just("(Infinity,-Infinity)") | _points()),
    "line": Scalar(written("{1,-1,{n}}"), _lines),
    "lseg": Scalar(written("[({n},0),({n}.25,1)]"), _of_points("[", "]", 2, 2)),
    "box": Scalar(written("({n}.25,1),({n},0)"), _of_points("", "", 2, 2)),
    "path": Scalar(written("[({n},0),({n}.25,1),({n}.5,0)]"), _of_points("[", "]", 1, 5)),
    "polygon": Scalar(written("(({n},0),({n}.25,1),({n}.5,0))"), _of_points("(", ")", 1, 5)),
    "circle": Scalar(written("<({n}.25,1),0.25>"), _circles),
    "cube": Scalar(written("({n},0),({n}.25,1)"), _of_points("", "", 1, 2)),
    "seg": Scalar(_segment, lambda _: st.integers(0, 99_999).map("{0} .. {0}.5".format), lambda _: _SEGMENTS),
}
