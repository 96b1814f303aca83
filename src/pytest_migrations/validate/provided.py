"""What a platform has made before the first migration runs."""

from __future__ import annotations

from typing import NamedTuple


class Provided(NamedTuple):
    """Schemas of which the migrations do not know what is in them, and kinds of objects that may be anywhere."""

    schemas: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


NOTHING = Provided()
#: By the format: the schemas of Supabase, and the functions and types of the extensions that are on its search path.
PROVIDED = {
    "supabase": Provided(
        (
            "auth",
            "extensions",
            "graphql",
            "graphql_public",
            "net",
            "pgsodium",
            "realtime",
            "storage",
            "supabase_functions",
            "supabase_migrations",
            "vault",
        ),
        ("routine", "type"),
    )
}
