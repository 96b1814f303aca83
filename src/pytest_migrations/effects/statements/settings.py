"""Settings that say where names are looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.reader import DEFAULT_PATH, strings

if TYPE_CHECKING:
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]


def set_variable(reader: Reader, node: _Node) -> None:
    """SET, RESET."""
    if node.get("name") == "search_path" or node.get("kind") == "VAR_RESET_ALL":
        _set_path(reader, search_path_of(node) or DEFAULT_PATH, is_local=bool(node.get("is_local")))
    if node.get("name") == "check_function_bodies":
        reader.checks_bodies = _first_word(node) not in ("off", "false", "no", "0", "f")


def set_by_function(reader: Reader, node: _Node) -> None:
    """``SELECT set_config('search_path', ...)``."""
    call = node.get("targetList", [{}])[0].get("ResTarget", {}).get("val", {}).get("FuncCall", {})
    if call and strings(call["funcname"])[-1] == "set_config":
        values = [argument.get("A_Const", {}).get("sval", {}).get("sval", "") for argument in call.get("args", [])]
        if values[:1] == ["search_path"]:
            names = [name.strip().strip('"') for name in values[1].split(",")]
            is_local = bool(call["args"][-1].get("A_Const", {}).get("boolval", {}).get("boolval"))
            _set_path(reader, _schemas(names), is_local=is_local)


def _set_path(reader: Reader, path: tuple[str, ...], *, is_local: bool) -> None:
    reader.search_path = path
    if not is_local:
        reader.lasting_path = path


def search_path_of(node: _Node) -> tuple[str, ...] | None:
    """The schemas that a SET search_path names; None where it sets something else or goes back to the default."""
    if node.get("name") != "search_path" or node.get("kind") != "VAR_SET_VALUE":
        return None
    names: list[str] = []
    for argument in node.get("args", []):
        word = argument.get("A_Const", {}).get("sval", {}).get("sval", "")
        names.extend(name.strip() for name in word.split(","))
    return _schemas(names)


def _schemas(names: list[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name and name not in ("$user", "pg_catalog", "pg_temp")) or DEFAULT_PATH


def _first_word(node: _Node) -> str:
    first: _Node = next(iter(node.get("args", [])), {})
    constant = first.get("A_Const", {})
    return str(constant.get("sval", {}).get("sval", "") or constant.get("ival", {}).get("ival", 0)).lower()
