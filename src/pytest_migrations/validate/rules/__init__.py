"""The rules of validate: one file each, and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.validate.rules.already_dropped import ALREADY_DROPPED
from pytest_migrations.validate.rules.altered_before_created import ALTERED_BEFORE_CREATED
from pytest_migrations.validate.rules.ambiguous_routine import AMBIGUOUS_ROUTINE
from pytest_migrations.validate.rules.cannot_replace import CANNOT_REPLACE
from pytest_migrations.validate.rules.circular_dependency import CIRCULAR_DEPENDENCY
from pytest_migrations.validate.rules.created_twice import CREATED_TWICE
from pytest_migrations.validate.rules.dropped_while_used import DROPPED_WHILE_USED
from pytest_migrations.validate.rules.files import FILES
from pytest_migrations.validate.rules.foreign_key import FOREIGN_KEY
from pytest_migrations.validate.rules.missing_dependency import MISSING_DEPENDENCY
from pytest_migrations.validate.rules.never_created import NEVER_CREATED
from pytest_migrations.validate.rules.never_runs import NEVER_RUNS
from pytest_migrations.validate.rules.not_yet_created import NOT_YET_CREATED
from pytest_migrations.validate.rules.partition_key import PARTITION_KEY
from pytest_migrations.validate.rules.rollback_fails import ROLLBACK_FAILS
from pytest_migrations.validate.rules.rollback_forgets import ROLLBACK_FORGETS
from pytest_migrations.validate.rules.rollback_loses import ROLLBACK_LOSES
from pytest_migrations.validate.rules.rollback_names_nothing import ROLLBACK_NAMES_NOTHING
from pytest_migrations.validate.rules.syntax import SYNTAX
from pytest_migrations.validate.rules.wrong_dependency import WRONG_DEPENDENCY
from pytest_migrations.validate.rules.wrong_kind import WRONG_KIND

if TYPE_CHECKING:
    from pytest_migrations.validate.rule import Rule

#: Every rule there is, by its id. A new one is one file and one line here.
RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        SYNTAX,
        FOREIGN_KEY,
        NOT_YET_CREATED,
        ALTERED_BEFORE_CREATED,
        ALREADY_DROPPED,
        NEVER_CREATED,
        CREATED_TWICE,
        DROPPED_WHILE_USED,
        WRONG_KIND,
        CANNOT_REPLACE,
        AMBIGUOUS_ROUTINE,
        PARTITION_KEY,
        NEVER_RUNS,
        WRONG_DEPENDENCY,
        MISSING_DEPENDENCY,
        CIRCULAR_DEPENDENCY,
        ROLLBACK_FAILS,
        ROLLBACK_FORGETS,
        ROLLBACK_LOSES,
        ROLLBACK_NAMES_NOTHING,
        FILES,
    )
}
