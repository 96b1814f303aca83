"""JSON that a tool keeps beside its migrations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError
from pytest_migrations.formats.reading.folder import place_in

if TYPE_CHECKING:
    from pytest_migrations.formats.reading.folder import Folder


def parsed(folder: Folder, name: str) -> Any:
    """What a file holds.

    :raises UserError: where it cannot be read or is no JSON.
    """
    text = folder.text(name)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = place_in(folder.path / name, text, error.pos)
        raise UserError(
            f"{place}: this is no JSON: {error.msg}\n{place.excerpt()}\n"
            "Mend it, or have the tool that wrote it write it again. A conflict of branches may have been left in it."
        ) from None
