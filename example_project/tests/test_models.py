"""The models say what the migrations have made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from grants.models import Base
from sqlalchemy import Table, inspect
from sqlalchemy.dialects import postgresql

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from sqlalchemy.types import TypeEngine


@pytest.mark.parametrize("table", Base.metadata.tables.values(), ids=str)
def test_a_model_fits_its_table(session: Session, table: Table) -> None:
    there = {column["name"]: column for column in inspect(session.connection()).get_columns(table.name)}
    for column in table.columns:
        assert column.name in there
        assert spelled(column.type) == spelled(there[column.name]["type"])
        assert bool(column.nullable) == there[column.name]["nullable"]


def spelled(kind: TypeEngine[Any]) -> str:
    return kind.compile(postgresql.dialect())  # type: ignore[no-untyped-call]
