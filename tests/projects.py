"""Migrations that tests of the plugin write into a project."""

from __future__ import annotations

USERS = "CREATE TABLE users (id int PRIMARY KEY);\n-- ROLLBACK:\n-- DROP TABLE users;\n-- END ROLLBACK\n"
EMAIL = (
    "ALTER TABLE users ADD COLUMN email text;\n-- ROLLBACK:\n-- ALTER TABLE users DROP COLUMN email;\n-- END ROLLBACK\n"
)
INDEX = "CREATE INDEX users_email ON users (email);\n-- ROLLBACK:\n-- DROP INDEX users_email;\n-- END ROLLBACK\n"
#: Its rollback leaves table b behind, so that it does not apply again.
LEAKY = "CREATE TABLE a (x int);\nCREATE TABLE b ();\n-- ROLLBACK:\n-- DROP TABLE a;\n-- END ROLLBACK\n"
#: Its rollback leaves table b behind, but it applies again.
LEAKY_GUARDED = LEAKY.replace("TABLE b", "TABLE IF NOT EXISTS b")
BROKEN = "CREATE TABLE c (x nothing);\n-- ROLLBACK:\n-- DROP TABLE c;\n-- END ROLLBACK\n"
NO_ROLLBACK = "CREATE TABLE d ();\n"
FAILING_ROLLBACK = "CREATE TABLE e ();\n-- ROLLBACK:\n-- DROP TABLE f;\n-- END ROLLBACK\n"
CONCURRENT = (
    "-- No transaction\nCREATE INDEX CONCURRENTLY users_email ON users (email);\n"
    "-- ROLLBACK:\n-- DROP INDEX CONCURRENTLY users_email;\n-- END ROLLBACK\n"
)
ROLES = (
    "CREATE ROLE app_owner;\nCREATE ROLE app_reader;\nGRANT app_owner TO app_reader;\n"
    "-- ROLLBACK:\n-- DROP ROLE app_reader, app_owner;\n-- END ROLLBACK\n"
)
OWNED = (
    "CREATE TABLE owned (id serial PRIMARY KEY);\nALTER TABLE owned OWNER TO app_owner;\n"
    "GRANT SELECT ON owned TO app_reader;\n-- ROLLBACK:\n-- DROP TABLE owned;\n-- END ROLLBACK\n"
)
#: No word of it says that it makes a role.
HIDDEN_ROLE = (
    "DO $$ BEGIN EXECUTE 'CREATE ' || 'ROLE hidden'; END $$;\n"
    "-- ROLLBACK:\n-- DO $$ BEGIN EXECUTE 'DROP ' || 'ROLE hidden'; END $$;\n-- END ROLLBACK\n"
)
LEAKED_ROLE = "CREATE ROLE leaked;\n-- ROLLBACK:\n-- SELECT 1;\n-- END ROLLBACK\n"

THREE = {"001_users.sql": USERS, "002_email.sql": EMAIL, "003_index.sql": INDEX}
MIXED = {
    "001_users.sql": USERS,
    "002_leaky.sql": LEAKY,
    "003_email.sql": EMAIL,
    "004_concurrent.sql": CONCURRENT,
    "005_none.sql": NO_ROLLBACK,
    "006_failing.sql": FAILING_ROLLBACK,
    "007_broken.sql": BROKEN,
    "008_later.sql": "CREATE TABLE g ();\n",
}
WITH_ROLES = {
    "001_roles.sql": ROLES,
    "002_owned.sql": OWNED,
    "003_hidden.sql": HIDDEN_ROLE,
    "004_leaked.sql": LEAKED_ROLE,
    "005_users.sql": USERS,
}
