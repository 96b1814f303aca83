"""How rules say that an object is missing."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb, effects_of
from pytest_migrations.effects.builtin import extensions

if TYPE_CHECKING:
    from pytest_migrations.validate.clash import Clash
    from pytest_migrations.validate.story import Story


def absence(story: Story, clash: Clash, instead: str) -> tuple[str, str]:
    """Why it is not there, as the end of a sentence, and what to do: among others, what ``instead`` says."""
    if clash.later is not None:
        later = story.name(clash.later.migration)
        remedy = f"{story.comes_later(clash)} Move {later} before {story.name(clash.migration)}, or {instead}."
        return "which is not there yet", remedy
    if clash.gone is not None:
        return f"which {_what_happened(story, clash)}", "Use what took its place, or do this before it goes."
    if line := _line_behind(clash):
        return "which this script creates only further down", f"Line {line} creates it: move that up."
    if rejected := _rejected(story, clash):
        return "which no migration creates that can be read", f"Correct {rejected} first, which speaks of it."
    near = _near(story, clash)
    hint = f"Is {near} meant? " if near else _of_extension(clash)
    return "which no migration creates", f"{hint}An empty database fails here: let a migration before this create it."


def _line_behind(clash: Clash) -> int | None:
    """Where the same script creates it, too late."""
    script, key = clash.effect.script, clash.effect.object.key
    created = (effect for effect in effects_of(script).of(Verb.CREATE) if effect.object.key == key)
    return next((effect.place.line for effect in created if effect.statement > clash.effect.statement), None)


def _of_extension(clash: Clash) -> str:
    """Which extension it would come with."""
    named = clash.effect.object
    brought = (name for name, kinds in extensions().items() if named.path[-1] in kinds.get(named.space, ()))
    return f"The extension {name} brings it. " if (name := next(brought, "")) else ""


def _rejected(story: Story, clash: Clash) -> str:
    """A migration with a syntax error that has the name in it."""
    name = re.compile(rf"(?<!\w){re.escape(clash.effect.object.path[-1])}(?!\w)", re.IGNORECASE)
    others = (migration for migration in story.history if effects_of(migration.up).mistakes)
    return next((migration.name for migration in others if name.search(migration.up.text)), "")


def _what_happened(story: Story, clash: Clash) -> str:
    gone = clash.gone
    assert gone is not None and gone.effect is not None
    who = "this migration" if gone.migration == clash.migration else story.made_by(gone)
    if gone.effect.verb is Verb.RENAME and gone.effect.to is not None:
        return f"{who} has renamed to {gone.effect.to.short}"
    return f"{who} has dropped"


def _near(story: Story, clash: Clash) -> str:
    """A name like it that some migration creates."""
    named = clash.effect.object
    names = {
        effect.object.short
        for migration in story.history
        for effect in effects_of(migration.up).of(Verb.CREATE)
        if effect.object.space == named.space and effect.object.short != named.short
    }
    return next(iter(get_close_matches(named.short, names, n=1, cutoff=0.75)), "")
