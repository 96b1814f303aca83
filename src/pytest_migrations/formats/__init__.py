"""Formats: how the files of a folder become a history of migrations."""

from pytest_migrations.formats.detection import FORMATS, read_history

__all__ = ["FORMATS", "read_history"]
