"""Formats: how the files of a folder become a history of migrations."""

from pytest_migrations.formats.detection import FORMATS, read_history
from pytest_migrations.formats.folder import Folder
from pytest_migrations.formats.format import Format, Reading

__all__ = ["FORMATS", "Folder", "Format", "Reading", "read_history"]
