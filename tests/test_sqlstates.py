"""What is said of SQLSTATEs: the SQL that is to fail fails with that code, what is to work works, names are right."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from pytest_migrations import sqlstates
from tests.examples import example, run

#: What takes more than one session, or a server that is in trouble.
WITHOUT_EXAMPLE = {"25P02", "28000", "28P01", "3D000", "40001", "40P01", "53100", "53200", "53300", "55P03"}
WITHOUT_EXAMPLE |= {"57P01", "57P02", "57P03", "58P01", "XX000"}
#: What no other SQL makes work.
WITHOUT_WAY_OUT = {"25006", "42501", "57014", "P0001"}


@pytest.mark.parametrize("code", sqlstates.described())
def test_the_examples(connection: psycopg.Connection, code: str) -> None:
    text = sqlstates.description(code)
    given, fails, works = (example(text, which) for which in ("Given", "Fails", "Works"))
    assert bool(fails) == (code not in WITHOUT_EXAMPLE)
    assert bool(works) == (bool(fails) and code not in WITHOUT_WAY_OUT)
    if fails:
        connection.execute(given.encode())
        with pytest.raises(psycopg.Error) as error:
            run(connection, fails)
        assert error.value.sqlstate == code
        run(
            connection,
            "ROLLBACK; RESET ALL; RESET ROLE; DROP SCHEMA IF EXISTS public, app CASCADE; CREATE SCHEMA public",
        )
    if works:
        connection.execute(given.encode())
        run(connection, works)


#: PostgreSQL's own list, where an installation has it.
LISTS = [*Path("/usr/share/postgresql").glob("*/errcodes.txt")]


@pytest.mark.skipif(not LISTS, reason="no errcodes.txt here")
def test_names_and_classes_are_postgresqls() -> None:
    lines = LISTS[-1].read_text().splitlines()
    classes = {match[1]: match[2] for line in lines if (match := re.match(r"Section: Class (\w\w) - (.*)", line))}
    assert {code: sqlstates.class_of(code) for code in classes} == {
        code: title.partition(" (")[0] for code, title in classes.items()
    }
    named = {match[1]: match[2] for line in lines if (match := re.match(r"(\w{5})\s+E\s+\S+\s+(\w+)", line))}
    assert len(named) > 200
    unlike = {code for code, name in named.items() if sqlstates.name_of(code) not in (name, "unknown")}
    assert not unlike
    assert set(named.values()) - set(sqlstates.names()) <= {"datum_version_mismatch"}, "of a patch of 2024"


def test_each_has_a_headline_and_a_remedy() -> None:
    for code in sqlstates.described():
        headline, _, rest = sqlstates.description(code).partition("\n\n")
        assert headline.endswith("."), code
        assert rest.count("Do: ") == 1, code
        assert sqlstates.advice(code).endswith("."), code


def test_what_is_no_code() -> None:
    assert sqlstates.description("../x") == sqlstates.advice("") == sqlstates.class_of("ZZ999") == ""
    assert sqlstates.name_of("ZZ999") == "unknown"
