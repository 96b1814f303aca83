"""The seeds of a folder of migrations: its files, and what the fixture ``migrations_seeds`` adds to them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.fixtures import TopRequest

from pytest_migrations.errors import Place, UserError
from pytest_migrations.hooks import blaming
from pytest_migrations.rows.seeds.code import seeds_in_code
from pytest_migrations.rows.seeds.files import Seeds, read_seeds

if TYPE_CHECKING:
    from pytest_migrations.collection import CheckItem

FIXTURE = "migrations_seeds"
_WHOSE = f"fixture {FIXTURE}"


def seeds_of(item: CheckItem, folder: Path | None) -> Seeds:
    """The seeds of the history that a check is of; ``folder`` is the one that was named for them, if one was.

    To be asked while pytest runs the item, which is when it gives fixtures; once for a history is enough.

    :raises UserError: where a seed cannot be meant, or the fixture fails.
    """
    history = item.prover.history
    files = read_seeds(history, folder)
    definition = _overriding(item)
    if definition is None:
        return files
    place = _place(definition)
    given = _asked(item, definition, place)
    if isinstance(given, Mapping):
        given = {version: _caught(seed) if callable(seed) else seed for version, seed in given.items()}
    return files.followed_by(seeds_in_code(history, given, place, f"the {_WHOSE}"))


def _overriding(item: CheckItem) -> pytest.FixtureDef[Any] | None:
    """The user's own definition of the fixture that is nearest to the folder; None where there is only ours."""
    *_, nearest = item.session._fixturemanager.getfixturedefs(FIXTURE, item) or (None,)  # noqa: SLF001 (no public way)
    is_ours = nearest is None or nearest.func.__module__.startswith(f"{__package__}.")
    return None if is_ours else nearest


def _place(definition: pytest.FixtureDef[Any]) -> Place:
    code = inspect.unwrap(definition.func).__code__
    path = Path(code.co_filename)
    source = path.read_text("utf-8", "replace") if path.is_file() else ""
    return Place(path, min(code.co_firstlineno, source.count("\n") + 1), 1, source)


def _asked(item: CheckItem, definition: pytest.FixtureDef[Any], place: Place) -> object:
    """What the fixture gives. An item that is no function can ask for one as those of doctest do."""
    if definition.scope not in ("session", "function"):
        raise UserError.at(
            place, f"the {_WHOSE} is asked for once in a run, not for a {definition.scope}", 'Say scope="session".'
        )
    manager = item.session._fixturemanager  # noqa: SLF001 (as above)
    item._fixtureinfo = manager.getfixtureinfo(node=item, func=None, cls=None)  # type: ignore[attr-defined]  # noqa: SLF001
    request = TopRequest(item, _ispytest=True)  # type: ignore[arg-type]
    del item._fixtureinfo  # type: ignore[attr-defined]  # noqa: SLF001 (other plugins take it for a function's)
    with blaming(_WHOSE, str(place.path)):  # other plugins stand between
        try:
            return request.getfixturevalue(FIXTURE)
        except pytest.FixtureLookupError as error:
            what = f"the {_WHOSE} asks for {error.argname}, and there is no such fixture here"
            raise UserError.at(place, what, "Ask for one of its conftest.py, of one above, or of a plugin.") from None


def _caught(seed: Callable[[Any], object]) -> Callable[[Any], None]:
    """The function of a seed; what ends a test of pytest is no error of Python's, and nobody below expects it."""

    @wraps(seed)
    def put_in(connection: Any) -> None:
        try:
            seed(connection)
        except (pytest.fail.Exception, pytest.skip.Exception):
            with blaming(f"seed of the {_WHOSE}"):
                raise

    return put_in
