"""What SQLSTATE codes mean during a migration: a file for each that migrations meet, name and class for all others.

A file begins with what the code says, and ends with ``Do:`` and what to do. The SQL behind ``Fails:`` (where there is
what stands behind ``Given:``) has that code, and that behind ``Works:`` has none: the tests run both.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_CODE = re.compile(r"[0-9A-Z]{5}")
_DO = "\nDo: "

#: PostgreSQL docs, Appendix A: what codes that begin alike have in common.
_CLASSES = {
    "00": "Successful Completion",
    "01": "Warning",
    "02": "No Data",
    "03": "SQL Statement Not Yet Complete",
    "08": "Connection Exception",
    "09": "Triggered Action Exception",
    "0A": "Feature Not Supported",
    "0B": "Invalid Transaction Initiation",
    "0F": "Locator Exception",
    "0L": "Invalid Grantor",
    "0P": "Invalid Role Specification",
    "0Z": "Diagnostics Exception",
    "10": "XQuery Error",
    "20": "Case Not Found",
    "21": "Cardinality Violation",
    "22": "Data Exception",
    "23": "Integrity Constraint Violation",
    "24": "Invalid Cursor State",
    "25": "Invalid Transaction State",
    "26": "Invalid SQL Statement Name",
    "27": "Triggered Data Change Violation",
    "28": "Invalid Authorization Specification",
    "2B": "Dependent Privilege Descriptors Still Exist",
    "2D": "Invalid Transaction Termination",
    "2F": "SQL Routine Exception",
    "34": "Invalid Cursor Name",
    "38": "External Routine Exception",
    "39": "External Routine Invocation Exception",
    "3B": "Savepoint Exception",
    "3D": "Invalid Catalog Name",
    "3F": "Invalid Schema Name",
    "40": "Transaction Rollback",
    "42": "Syntax Error or Access Rule Violation",
    "44": "WITH CHECK OPTION Violation",
    "53": "Insufficient Resources",
    "54": "Program Limit Exceeded",
    "55": "Object Not In Prerequisite State",
    "57": "Operator Intervention",
    "58": "System Error",
    "72": "Snapshot Failure",
    "F0": "Configuration File Error",
    "HV": "Foreign Data Wrapper Error",
    "P0": "PL/pgSQL Error",
    "XX": "Internal Error",
}


def class_of(code: str) -> str:
    """What a code has in common with those that begin like it; empty where PostgreSQL has no such class."""
    return _CLASSES.get(code[:2], "")


def name_of(code: str) -> str:
    """The condition's name in Appendix A, ``undefined_table`` for 42P01, or ``unknown``."""
    from psycopg import errors  # noqa: PLC0415 (loads while a server starts)

    try:
        return _condition(errors.lookup(code).__name__)
    except KeyError:
        return "unknown"


@cache
def names() -> dict[str, str]:
    """The code of each condition; of the few that have several, the first one."""
    from psycopg import errors  # noqa: PLC0415 (as above)

    codes: dict[str, str] = {}
    for each in vars(errors).values():
        if isinstance(each, type) and issubclass(each, errors.Error) and each.sqlstate:
            codes.setdefault(_condition(each.__name__), each.sqlstate)
    return codes


@cache
def described() -> tuple[str, ...]:
    """The codes that have a file."""
    entries = (entry.name for entry in files(__package__).iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in entries if name.endswith(".md")))


def description(code: str) -> str:
    """All that there is to say of a code; empty where that is no more than its name."""
    if not _CODE.fullmatch(code) or code not in described():
        return ""
    return (files(__package__) / f"{code}.md").read_text(encoding="utf-8")


def advice(code: str) -> str:
    """What to do about it, in a sentence or two; empty where there is none."""
    return " ".join(description(code).partition(_DO)[2].split())


def _condition(name: str) -> str:
    """What a class of psycopg is called in Appendix A."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower().removesuffix("_ext").rstrip("_")
