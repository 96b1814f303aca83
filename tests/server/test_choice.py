from __future__ import annotations

from pathlib import Path

import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.server.choice import (
    Auto,
    Docker,
    Embedded,
    External,
    ServerOptions,
    choose,
)


@pytest.mark.parametrize(
    ("value", "choice"),
    [
        ("auto", Auto()),
        ("embedded", Embedded()),
        ("embedded:17", Embedded(major=17)),
        ("embedded:/usr/bin", Embedded(folder=Path("/usr/bin"))),
        ("docker", Docker()),
        ("docker:registry.example:5000/postgres:17", Docker("registry.example:5000/postgres:17")),
        ("postgresql://user@host/db", External("postgresql://user@host/db")),
        ("postgres://host", External("postgres://host")),
        ("host=localhost user=me", External("host=localhost user=me")),
    ],
)
def test_what_the_option_can_be(value: str, choice: object) -> None:
    assert choose(ServerOptions(server=value)) == choice


@pytest.mark.parametrize("value", ["", "emdebbed", "embedded:", "docker:", "mysql://u:secret@h/d", "pass=secret", "18"])
def test_nonsense_is_an_error_that_shows_the_forms(value: str) -> None:
    with pytest.raises(UserError, match="names no server") as caught:
        choose(ServerOptions(server=value))
    assert "docker:postgres:17" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(UserError, match="there is no such folder"):
        choose(ServerOptions(server="embedded:/no/such/folder"))


def test_the_environment_counts_only_for_auto() -> None:
    assert choose(ServerOptions(environment="docker")) == Docker()
    assert choose(ServerOptions(server="embedded", environment="docker")) == Embedded()
    with pytest.raises(UserError, match="PYTEST_MIGRATIONS_SERVER 'nonsense' names no server"):
        choose(ServerOptions(environment="nonsense"))


def test_no_password_in_what_is_printed() -> None:
    dsn = "postgresql://user:secret@host/db"
    options = ServerOptions(server=dsn, environment=dsn)
    assert "secret" not in f"{options!r}{choose(options)!r}{options}{choose(options)}"
