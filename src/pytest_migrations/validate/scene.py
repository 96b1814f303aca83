"""Where the walk stands: the schema, the statement at hand, and what has clashed so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Condition, Named, Verb
from pytest_migrations.validate.clash import Clash, Made, Trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.effects import Effect, Opaque
    from pytest_migrations.validate.outlook import Outlook
    from pytest_migrations.validate.schema import Schema
    from pytest_migrations.validate.thing import Thing

_Key = tuple[str, tuple[str, ...]]

_IN_A_TABLE = frozenset({"column", "constraint", "trigger", "policy", "rule"})
#: What is dropped IF EXISTS out of mere caution: PostgreSQL may have given constraints and indexes other names.
_CAUTION = frozenset({"extension", "role", "default", "constraint", "index"})


class Scene:
    """What the functions that carry out effects share."""

    def __init__(self, schema: Schema, outlook: Outlook) -> None:
        self.schema = schema
        self.outlook = outlook
        self.clashes: list[Clash] = []
        #: For each migration the others of which it needs something, by their numbers, and what.
        self.stands_on: dict[int, dict[int, Named]] = {}
        #: For each that drops or renames something those that have used it before.
        self.comes_behind: dict[int, set[int]] = {}
        #: What was dropped or renamed, by whom.
        self.gone: dict[_Key, Made] = {}
        #: What routines do when they are called.
        self.bodies: dict[_Key, list[Opaque]] = {}
        #: The routines that were called, triggers among them.
        self.called: set[_Key] = set()
        self.migration = 0
        self.in_rollback = False
        # Of the statement at hand:
        #: what it is going to drop; what it has made, by the names that it gives; what its new objects will need;
        self.dropping: frozenset[Thing] = frozenset()
        self.made: dict[_Key, Thing] = {}
        self.waiting: dict[_Key, list[Thing]] = {}
        #: the object that its IF NOT EXISTS has found; whether it needs what was told to be missing.
        self.skipped: Named | None = None
        self.is_failing = False
        #: the views that it replaces, by what, with those of their columns that were not compared yet.
        self.replacing: dict[Thing, tuple[Effect, list[Thing]]] = {}

    def begin(self, dropping: frozenset[Thing]) -> None:
        """Begin a statement."""
        self.dropping, self.made, self.waiting, self.replacing = dropping, {}, {}, {}
        self.skipped, self.is_failing = None, False

    def end(self) -> None:
        """End it: what it needs is now needed, and if it fails, what it makes is not there for sure."""
        for key, used in self.waiting.items():
            user = self.made.get(key) or self.schema.things.get(key)
            for thing in used if user is not None else ():
                assert user is not None
                self.schema.needs(user, thing)
        for thing in self.made.values() if self.is_failing else ():
            self.schema.journal.assign(thing, "is_certain", False)

    def clash(
        self,
        trouble: Trouble,
        effect: Effect,
        *,
        other: Made | None = None,
        users: Sequence[Thing] = (),
        later: Made | None = None,
        gone: Made | None = None,
        types: tuple[str, str] = ("", ""),
        reason: str = "",
    ) -> None:
        """Tell what does not go together."""
        using = tuple(map(made, users))
        self.clashes.append(
            Clash(trouble, self.migration, effect, self.in_rollback, other, using, later, gone, types, reason)
        )
        self.is_failing = self.is_failing or trouble not in (Trouble.NEVER_RUNS, Trouble.NAMES_NOTHING)

    def is_there_for_sure(self, thing: Thing) -> bool:
        """Whether nothing may have dropped it, or the constraint that it is the index of."""
        by_owner = thing.owner is not None and thing.owner.named.kind == "constraint"
        if by_owner and thing.owner is not None and not self.is_there_for_sure(thing.owner):
            return False
        return thing.is_certain and not self.schema.may_be_gone(thing)

    def existing(self, effect: Effect, *, is_certain: bool) -> Thing | None:
        """The object that an effect is about; where it is missing, that is told, once."""
        named = effect.object
        thing = self.schema.find(named, effect.also_in)
        if thing is None and effect.among:
            return self._one_of(effect, is_certain=is_certain)
        if thing is not None:
            self._note(thing, is_certain=is_certain)
            return thing
        if Condition.IF_EXISTS in effect.condition:
            if self.in_rollback and effect.verb is Verb.DROP and is_certain:
                self._note_nothing(effect)
            return None
        if named.kind in _IN_A_TABLE and self.schema.find(named.table, effect.also_in) is None:
            return self.existing(effect._replace(object=named.table), is_certain=is_certain)
        if len(named.path) > 1 and named.path[0] not in ("public", "pg_temp"):
            self._require_schema(effect, is_certain=is_certain)
        later = self.outlook.later(named, self.migration, effect.also_in)
        is_missing = not self.schema.is_unknown(named) or (later is not None and _would_clash(later))
        if is_certain and is_missing:
            self.clash(Trouble.MISSING, effect, later=later, gone=self.gone.get(named.key))
            # From here on it is taken to be there: one finding is enough.
            self.schema.add(None, named, later.migration if later else -1, is_certain=False, is_known=False)
        return None

    def _one_of(self, effect: Effect, *, is_certain: bool) -> Thing | None:
        """The first that is there of the columns that may be meant; that none is, is told if all tables are known."""
        found = (self.schema.find(named, effect.also_in) for named in effect.among)
        thing = next((thing for thing in found if thing is not None), None)
        if thing is not None:
            self._note(thing, is_certain=is_certain)
        elif not any(map(self.schema.is_unknown, effect.among)):
            return self.existing(effect._replace(among=()), is_certain=is_certain)
        return thing

    def _note_nothing(self, effect: Effect) -> None:
        """What a rollback drops IF EXISTS is mostly there, or its migration makes it: else the name is wrong."""
        named = effect.object
        is_its_own = self.outlook.is_made_by(named, self.migration) or named.key in self.gone
        if named.kind not in _CAUTION and not is_its_own and not self.schema.is_unknown(named):
            self.clash(Trouble.NAMES_NOTHING, effect)

    def _note(self, thing: Thing, *, is_certain: bool) -> None:
        if thing.made_by is None and is_certain:  # it is only taken to be there
            self.is_failing = True
        if thing.made_in != self.migration and not self.in_rollback:
            needed = self.stands_on.setdefault(self.migration, {})
            known = needed.setdefault(thing.made_in, thing.named)
            if len(known.path) > len(thing.named.path):  # a table says more than its columns
                needed[thing.made_in] = thing.named
        if not self.in_rollback:
            thing.touched_by.add(self.migration)

    def goes(self, thing: Thing) -> None:
        """Say that the thing is dropped or renamed: whoever has used it has to come before."""
        if not self.in_rollback:
            self.comes_behind.setdefault(self.migration, set()).update(thing.touched_by - {self.migration})

    def _require_schema(self, effect: Effect, *, is_certain: bool) -> None:
        schema = Named("schema", effect.object.path[:1])
        if schema.path[0] in self.schema.foreign or self.schema.find(schema) is not None or not is_certain:
            return
        if not self.schema.is_unknown(schema):
            later = self.outlook.later(schema, self.migration)
            self.clash(Trouble.MISSING, effect._replace(object=schema), later=later, gone=self.gone.get(schema.key))
        self.schema.foreign.add(schema.path[0])


def _would_clash(later: Made) -> bool:
    """Whether the migration that makes it later could not, if it were there already."""
    effect = later.effect
    return effect is not None and effect.is_certain and not effect.condition and len(later.named.path) == 2


def made(thing: Thing) -> Made:
    """What is told of an object in a clash."""
    return Made(thing.named, thing.made_in, thing.made_by)
