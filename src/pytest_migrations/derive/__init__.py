"""Rollback SQL from the statements of a migration, while they run."""
