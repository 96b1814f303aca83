"""Whether one migration stands on another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_migrations.effects import depends_on
from pytest_migrations.migration import Migration

USERS = "CREATE TABLE users (id bigint PRIMARY KEY, name text);"


@pytest.mark.parametrize(
    ("earlier", "later", "by"),
    [
        (USERS, "CREATE TABLE o (user_id bigint REFERENCES users (id));", ["table users", "column users.id"]),
        (USERS, "CREATE VIEW v AS SELECT 1 FROM users;", ["table users"]),
        (USERS, "WITH users AS (SELECT 1) SELECT * FROM users;", []),
        (USERS, "INSERT INTO other (a) VALUES (1);", []),
        (USERS, "INSERT INTO users (name) VALUES ('Ada');", ["table users", "column users.name"]),
        (USERS, "ALTER TABLE public.users RENAME TO people;", ["table users"]),
        (USERS, "DO $$ BEGIN IF random() > 1 THEN DROP TABLE users; END IF; END $$;", ["table users"]),
        (USERS, "CREATE TABLE IF NOT EXISTS users (id int);", []),
        (USERS, "CREATE INDEX ON users (name);", ["table users", "column users.name"]),
        (f"{USERS} DROP TABLE users;", "CREATE VIEW v AS SELECT 1 FROM users;", []),
        ("DROP TABLE users;", USERS, ["table users"]),
        ("ALTER TABLE users RENAME TO people;", "DROP TABLE people;", ["table people"]),
        ("ALTER TABLE users ADD email text;", "CREATE UNIQUE INDEX ON users (email);", ["column users.email"]),
        ("CREATE TYPE mood AS ENUM ('ok');", "ALTER TABLE t ADD m mood;", ["enum mood"]),
        (
            "CREATE TYPE mood AS ENUM ('ok');",
            "ALTER TYPE mood ADD VALUE 'sad' AFTER 'ok';",
            ["enum mood", "value mood.ok"],
        ),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1;",
            "CREATE TABLE t (a int DEFAULT f());",
            ["function f"],
        ),
        ("CREATE SCHEMA s;", "SET search_path TO s; CREATE TABLE t ();", ["schema s"]),
        (
            "CREATE EXTENSION pg_trgm SCHEMA e; CREATE EXTENSION citext;",
            "CREATE TABLE t (a citext); CREATE INDEX i ON t USING gin (a e.gin_trgm_ops);",
            ["type citext", "operator class e.gin_trgm_ops"],
        ),
    ],
)
def test_objects_by_which_it_depends(
    make_migration: Callable[..., Migration], earlier: str, later: str, by: list[str]
) -> None:
    found = depends_on(make_migration(later, name="002_b.sql"), make_migration(earlier, name="001_a.sql"))
    assert list(map(str, found)) == by


def test_a_routine_depends_on_what_its_body_names(make_migration: Callable[..., Migration]) -> None:
    body = "BEGIN RETURN (SELECT count(*) FROM users); END"
    later = make_migration(f"CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS $$ {body} $$;")
    assert list(map(str, depends_on(later, make_migration(USERS)))) == ["table users"]
