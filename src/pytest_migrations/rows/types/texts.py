"""Texts: ``Généré 1000203``, or what fits of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import FIRST, UNLIMITED, Scalar, as_int, joined, offset, written

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type

_MARK = "Généré "
_DIGITS = 7
_EDGES = ("", " ", "é", "it's", '"', "\\", "%s", "NULL", "a,b", "{}", "0", "A\nb", "\u0130", "\U0001f418", "e\u0301")


def _length(type_: Type) -> int:
    return type_.modifier - 4 if type_.modifier >= 0 else UNLIMITED


def is_of_digits(type_: Type) -> bool:
    """Whether there is room for the number, and for nothing else."""
    return _length(type_) == _DIGITS


def _text(type_: Type, number: str) -> str:
    length = _length(type_)
    if length < _DIGITS:
        return _letters(length, number)
    return joined(_MARK[: length - _DIGITS] + "{n}", number)


def _letters(length: int, number: str) -> str:
    """The number written in letters, the first of them large."""
    at = offset(number)
    places = [at if place == 0 else f"{at} / {26**place}" for place in reversed(range(length))]
    letters = [f"pg_catalog.chr({as_int(f'({65 if i == 0 else 97} + {at} % 26)')})" for i, at in enumerate(places)]
    return f"pg_catalog.concat({', '.join(letters)})"


def _capacity(type_: Type) -> int:
    length = _length(type_)
    if length < _DIGITS:
        return int(26**length)
    return UNLIMITED if length >= len(_MARK) + _DIGITS else 10**_DIGITS - FIRST


def texts(most: int = UNLIMITED) -> SearchStrategy[str]:
    """Texts of at most so many characters, among them those at which programs stumble."""
    size = min(most, 1000)
    characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    return st.sampled_from([text for text in _EDGES if len(text) <= most]) | st.text(characters, max_size=size)


def _xml() -> SearchStrategy[str]:
    """Without characters that XML does not have."""
    characters = st.characters(min_codepoint=0x20, max_codepoint=0xFFFD, exclude_categories=["Cs", "Cc"])
    return st.text(characters, max_size=50).map(lambda text: f"<r>{escape(text)}</r>")


_ANY_TEXT = Scalar(_text, lambda type_: texts(_length(type_)), _capacity)

SCALARS = {
    "text": _ANY_TEXT,
    "varchar": _ANY_TEXT,
    "bpchar": _ANY_TEXT,
    "citext": _ANY_TEXT,
    "name": Scalar(_text, lambda _: texts(15)),
    "refcursor": Scalar(_text, lambda _: texts()),
    "char": Scalar(
        lambda _, number: _letters(1, number),
        lambda _: st.just("") | st.characters(min_codepoint=0x20, max_codepoint=0x7E),
        lambda _: 26,
    ),
    "xml": Scalar(written("<r><n>{n}</n><t>Généré &amp; {n}</t></r>"), lambda _: _xml()),
}
