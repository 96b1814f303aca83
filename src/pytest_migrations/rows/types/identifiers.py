"""What names a row, a transaction, a place in the WAL or an object of the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from pytest_migrations.rows.types.lazily import st
from pytest_migrations.rows.types.scalar import Scalar, joined, offset, written

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type

#: Types whose values are OIDs, of objects that need not exist.
_REGISTERED = (
    "regclass",
    "regcollation",
    "regconfig",
    "regdatabase",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
)
#: As many values has the type that is made of smallints.
_SMALL = 12_000


def _uuid(_: Type, number: str) -> str:
    return f"pg_catalog.concat('00000000-0000-4000-8000-', pg_catalog.lpad(pg_catalog.to_hex({number}), 12, '0'))"


def _lsn(_: Type, number: str) -> str:
    return f"pg_catalog.concat('0/', pg_catalog.to_hex({number}))"


def _oid(_: Type, number: str) -> str:
    return f"{number}::pg_catalog.oid"


def _small_vector(_: Type, number: str) -> str:
    return joined("1 {n}", f"(20003 + {offset(number, _SMALL)})")


def _acl_item(_: Type, number: str) -> str:
    return f"pg_catalog.makeaclitem({number}::pg_catalog.oid, 10::pg_catalog.oid, 'SELECT', false)"


def _unsigned(bits: int) -> SearchStrategy[int]:
    most = 2**bits - 1
    return st.sampled_from((0, 1, most)) | st.integers(0, most)


def _as_text(bits: int) -> Scalar:
    return Scalar(written("{n}"), lambda _: _unsigned(bits).map(str))


def _filled_in(template: str, bits: int) -> SearchStrategy[str]:
    return _unsigned(bits).map(lambda number: template.replace("{n}", str(number)))


_SNAPSHOT = Scalar(
    written("{n}:1{n}:"),
    lambda _: st.tuples(st.integers(1, 2**31), st.integers(0, 9)).map(lambda ids: f"{ids[0]}:{sum(ids)}:"),
)

SCALARS = {
    "uuid": Scalar(_uuid, lambda _: st.sampled_from((UUID(int=0), UUID(int=2**128 - 1))) | st.uuids()),
    "pg_lsn": Scalar(_lsn, lambda _: _unsigned(64).map(lambda at: f"{at >> 32:X}/{at & 0xFFFFFFFF:X}")),
    "oid": Scalar(_oid, lambda _: _unsigned(32)),
    "xid": _as_text(32),
    "xid8": _as_text(64),
    "cid": _as_text(32),
    "tid": Scalar(written("({n},1)"), lambda _: _filled_in("({n},1)", 32)),
    "txid_snapshot": _SNAPSHOT,
    "pg_snapshot": _SNAPSHOT,
    "int2vector": Scalar(_small_vector, lambda _: st.lists(_unsigned(15).map(str)).map(" ".join), lambda _: _SMALL),
    "oidvector": Scalar(written("1 {n}"), lambda _: st.lists(_unsigned(32).map(str)).map(" ".join)),
    "aclitem": Scalar(_acl_item, lambda _: st.sampled_from(("=r", "=arwd", "="))),
    **dict.fromkeys(_REGISTERED, Scalar(_oid, lambda _: _unsigned(32).map(str))),
}
