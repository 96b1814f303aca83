from __future__ import annotations

from pathlib import Path

import pytest

from pytest_migrations.migration import Script
from pytest_migrations.sql.grammar import statements


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("CREATE EXTENSION IF NOT EXISTS vector", [("extension", "vector")]),
        ("CREATE COLLATION a (provider = icu, locale = 'und-u-ks-level2')", [("collation provider", "icu")]),
        ("CREATE COLLATION a (PROVIDER = 'ICU', locale = 'de')", [("collation provider", "icu")]),
        ("CREATE COLLATION a (locale = 'de_DE.utf8')", [("locale", "de_DE.utf8")]),
        ("CREATE COLLATION a (lc_collate = 'de_DE', lc_ctype = 'C')", [("locale", "de_DE")]),
        ("CREATE COLLATION IF NOT EXISTS a (provider = icu, locale = 'de')", []),
        ('CREATE COLLATION a FROM "C"', []),
        ('CREATE TABLE t (a text COLLATE "de-x-icu")', [("collation provider", "icu")]),
        ('CREATE TABLE t (a text COLLATE pg_catalog."de_DE")', [("locale", "de_DE")]),
        ('CREATE TABLE t (a text COLLATE "C", b text COLLATE my_own)', []),
        ("CREATE AGGREGATE s (int) (sfunc = int4pl, stype = int)", []),
        ("DO $$ BEGIN CREATE EXTENSION vector; END $$", []),
    ],
)
def test_what_a_statement_needs(text: str, needs: list[tuple[str, str]]) -> None:
    (statement,) = statements(Script(Path("a.sql"), text, text))
    assert list(statement.needs) == needs
