"""What a server must have for the migrations that are to be proved on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.errors import Place


@dataclass(frozen=True)
class Requirements:
    """What the migrations name outside conditional blocks, each with the first place that names it."""

    #: The extensions that they create.
    extensions: Mapping[str, Place] = field(default_factory=dict)
    #: The collation providers that they ask for ("icu").
    providers: Mapping[str, Place] = field(default_factory=dict)
