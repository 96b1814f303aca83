from __future__ import annotations

import pytest
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from pytest_migrations.server.hiding import address, hide_secrets, without_secrets


def test_what_libpq_hides_is_secret() -> None:
    """libpq says of its parameters which a dialog would not show while they are typed."""
    secret = {option.keyword.decode(): "x" for option in pq.Conninfo.get_defaults() if option.dispchar == b"*"}
    assert secret
    assert without_secrets({**secret, "user": "ada", "passfile": "/a"}) == {"user": "ada", "passfile": "/a"}


def test_a_secret_is_hidden_however_it_is_spelled() -> None:
    dsn = "postgresql://ada@db.example:5433/shop?password=s3cret%2F%40%3A%25+x&sslpassword=other"
    parameters = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    for text in (dsn, str(parameters), "no s3cret/@:%+x, no s3cret%2F%40%3A%25%2Bx, no other"):
        assert "s3cret" not in (hidden := hide_secrets(text, parameters))
        assert "other" not in hidden
    assert address(parameters) == "db.example:5433"


@pytest.mark.parametrize(
    ("password", "text", "shown"),
    [
        ("ro", 'error: no role "ro", password=ro', 'error: no role "***", password=***'),
        ("ro", "host=h, from postgres://me:ro@h", "host=h, from postgres://me:***@h"),
        ("postgres", "postgresql://postgres:postgres@h", "postgresql://***:***@h"),
        ("ro", "me%3Aro%40h", "me%3A***%40h"),
        ("a/b", "x:a%2fb@h, a/b, za/b", "x:***@h, ***, za/b"),
        ("@!", "it is@!so", "it is***so"),
    ],
)
def test_a_part_of_a_word_is_no_secret(password: str, text: str, shown: str) -> None:
    assert hide_secrets(text, {"password": password}) == shown
