"""The tools whose ledgers are known, one module each."""

from pytest_migrations.foreign_ledgers.tools.alembic import ALEMBIC
from pytest_migrations.foreign_ledgers.tools.atlas import ATLAS
from pytest_migrations.foreign_ledgers.tools.dbmate import DBMATE
from pytest_migrations.foreign_ledgers.tools.diesel import DIESEL
from pytest_migrations.foreign_ledgers.tools.drizzle import DRIZZLE
from pytest_migrations.foreign_ledgers.tools.flyway import FLYWAY
from pytest_migrations.foreign_ledgers.tools.golang_migrate import GOLANG_MIGRATE
from pytest_migrations.foreign_ledgers.tools.goose import GOOSE
from pytest_migrations.foreign_ledgers.tools.graphile import GRAPHILE
from pytest_migrations.foreign_ledgers.tools.home_made import HOME_MADE
from pytest_migrations.foreign_ledgers.tools.in_code import IN_CODE
from pytest_migrations.foreign_ledgers.tools.liquibase import LIQUIBASE
from pytest_migrations.foreign_ledgers.tools.node_pg_migrate import NODE_PG_MIGRATE
from pytest_migrations.foreign_ledgers.tools.pop import POP
from pytest_migrations.foreign_ledgers.tools.prisma import PRISMA
from pytest_migrations.foreign_ledgers.tools.rambler import RAMBLER
from pytest_migrations.foreign_ledgers.tools.refinery import REFINERY
from pytest_migrations.foreign_ledgers.tools.sqitch import SQITCH
from pytest_migrations.foreign_ledgers.tools.sql_migrate import SQL_MIGRATE
from pytest_migrations.foreign_ledgers.tools.sqlx import SQLX
from pytest_migrations.foreign_ledgers.tools.supabase import SUPABASE
from pytest_migrations.foreign_ledgers.tools.tern import TERN
from pytest_migrations.foreign_ledgers.tools.yoyo import YOYO

#: A table is the ledger of the first tool that it looks like. A new one is one file and one line here.
TOOLS = (
    GOLANG_MIGRATE,
    GOOSE,
    FLYWAY,
    LIQUIBASE,
    SQITCH,
    SQLX,
    DIESEL,
    REFINERY,
    ATLAS,
    ALEMBIC,
    PRISMA,
    DRIZZLE,
    GRAPHILE,
    NODE_PG_MIGRATE,
    SUPABASE,
    YOYO,
    SQL_MIGRATE,
    RAMBLER,
    TERN,
    *IN_CODE,
    POP,
    DBMATE,
    HOME_MADE,
)
