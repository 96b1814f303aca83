"""The ledgers that other tools keep in a database: found, read, and matched with the migrations of a folder.

Nothing here writes to the database, or takes a stronger lock than ACCESS SHARE.
"""

from pytest_migrations.foreign_ledgers.finding import find
from pytest_migrations.foreign_ledgers.ledger import ForeignLedger
from pytest_migrations.foreign_ledgers.survey import Said, survey, the_one
from pytest_migrations.foreign_ledgers.taking import Taken
from pytest_migrations.foreign_ledgers.wording import TAKE_OVER, refusal, remarks, sentence

__all__ = ["TAKE_OVER", "ForeignLedger", "Said", "Taken", "find", "refusal", "remarks", "sentence", "survey", "the_one"]
