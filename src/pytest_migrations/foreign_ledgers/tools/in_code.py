"""Tools whose migrations are programs: their ledgers are recognised, and say nothing of a folder that we can read."""

from __future__ import annotations

from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

IN_CODE = (
    Tool(
        "Django", (), (Shape({"applied": Kind.TIME, "app": Kind.TEXT, "name": Kind.TEXT}, named="django_migrations"),)
    ),
    Tool(
        "Rails",
        (),
        (Shape({"version": Kind.TEXT}, named="schema_migrations", alone=True, beside="ar_internal_metadata"),),
    ),
    Tool("Ecto", (), (Shape({"version": Kind.NUMBER, "inserted_at": Kind.TIME}, named=".*migration.*", alone=True),)),
    Tool("Knex", (), (Shape({"migration_time": Kind.TIME, "name": Kind.TEXT, "batch": Kind.NUMBER}),)),
    Tool(
        "TypeORM",
        (),
        (Shape({"timestamp": Kind.NUMBER, "id": Kind.NUMBER, "name": Kind.TEXT}, named=".*migration.*", alone=True),),
    ),
    Tool("Sequelize", (), (Shape({"name": Kind.TEXT}, named="SequelizeMeta", alone=True),)),
    Tool("Laravel", (), (Shape({"migration": Kind.TEXT, "batch": Kind.NUMBER}, named=".*migration.*"),)),
    Tool("Entity Framework", (), (Shape({"MigrationId": Kind.TEXT, "ProductVersion": Kind.TEXT}),)),
)
