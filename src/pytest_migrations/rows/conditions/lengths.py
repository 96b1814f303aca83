"""Values of a length that a condition asks for."""

from __future__ import annotations

import json
import string

from pytest_migrations.rows.conditions.candidates import Unknown, Value, family, text, typical

LENGTHS = frozenset(
    {
        *("length", "char_length", "character_length", "octet_length", "bit_length", "array_length", "cardinality"),
        *("jsonb_array_length", "json_array_length", "array_upper", "array_ndims", "array_position"),
    }
)
_LONGEST = 20_000
_ALPHABETS = (string.digits + string.ascii_uppercase, string.ascii_lowercase, string.ascii_uppercase, string.digits)


def of_length(unknown: Unknown, lengths: list[int], count: int, number: int) -> list[Value]:
    """Values of these lengths, each several times, and of lengths beside them."""
    found: list[Value] = []
    for length in lengths:
        found += _exactly(unknown, length, count, number)
        for beside in (length + 1, length - 1, length + 20):
            found += _exactly(unknown, beside, 1, number)
    return found


def _exactly(unknown: Unknown, length: int, count: int, number: int) -> list[Value]:
    if not 0 <= length <= _LONGEST:
        return []
    kind = family(unknown.type)
    if kind == "text":
        return [text(_written(number + n, length, alphabet)) for alphabet in _ALPHABETS for n in range(count)]
    if kind == "bytea":
        return [
            Value(f"decode({text(f'{number + n:0{2 * length}x}'[-2 * length :] if length else '').sql}, 'hex')")
            for n in range(count)
        ]
    if kind == "json":
        return [text(json.dumps([number + n] * length)) for n in range(count)]
    if kind == "array":
        return _arrays(unknown, length, count, number)
    return [text("10" * (length // 2) + "1" * (length % 2))] if kind in ("bit", "varbit") else []


def _arrays(unknown: Unknown, length: int, count: int, number: int) -> list[Value]:
    name, element = unknown.type.name, unknown.type.element
    if not length:
        return [text("{}")]
    usual = (unknown.usual(number + n) for n in range(count))
    firsts = [f"(({value.sql})::{name})[1]" for value in usual if value]
    if element:
        firsts += [f"({value.sql})::{element.name}" for value in typical(element)[:count]]
    return [Value(f"array_fill({first}, ARRAY[{length}])") for first in firsts]


def _written(number: int, length: int, alphabet: str) -> str:
    """A number in the digits of an alphabet: its last ones, filled up on the left."""
    digits = ""
    while len(digits) < length and number:
        number, digit = divmod(number, len(alphabet))
        digits = alphabet[digit] + digits
    return digits.rjust(length, alphabet[1])
