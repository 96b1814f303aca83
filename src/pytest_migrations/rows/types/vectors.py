"""The types of pgvector. The modifier is how many numbers a vector has."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING, Literal

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import Scalar, joined, offset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type

#: Half a float holds no larger integers exactly.
_HALF = 2048


def _dimensions(type_: Type) -> int:
    return type_.modifier if type_.modifier > 0 else 3


def _vector(type_: Type, number: str) -> str:
    return joined("[{n}" + ",0.5" * (_dimensions(type_) - 1) + "]", number)


def _half(type_: Type, number: str) -> str:
    at = offset(number, _half_capacity(type_))
    if _dimensions(type_) == 1:
        return joined("[{n}]", at)
    return joined("[{n},{n}" + ",0.5" * (_dimensions(type_) - 2) + "]", f"({at} / {_HALF})", f"({at} % {_HALF})")


def _half_capacity(type_: Type) -> int:
    return int(_HALF ** min(_dimensions(type_), 2))


def _sparse(type_: Type, number: str) -> str:
    return joined(f"{{1:{{n}}}}/{_dimensions(type_)}", number)


def _vectors(width: Literal[16, 32]) -> Callable[[Type], SearchStrategy[str]]:
    """A few numbers over and over: a vector may have thousands."""

    def strategy(type_: Type) -> SearchStrategy[str]:
        numbers = st.floats(width=width, allow_nan=False, allow_infinity=False)
        return st.lists(numbers, min_size=1, max_size=4).map(lambda few: f"[{_repeated(few, _dimensions(type_))}]")

    return strategy


def _repeated(few: Sequence[float], count: int) -> str:
    return ",".join(map(str, islice(cycle(few), count)))


def _sparse_vectors(type_: Type) -> SearchStrategy[str]:
    size = _dimensions(type_)
    return st.tuples(st.integers(1, size), st.integers(-1000, 1000)).map(lambda one: f"{{{one[0]}:{one[1]}}}/{size}")


SCALARS = {
    "vector": Scalar(_vector, _vectors(32)),
    "halfvec": Scalar(_half, _vectors(16), _half_capacity),
    "sparsevec": Scalar(_sparse, _sparse_vectors),
}
