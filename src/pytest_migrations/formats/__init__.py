"""Formats: how the files of a folder become a history of migrations."""

from pytest_migrations.formats.detection import FORMATS, read_history
from pytest_migrations.formats.format import Format, Reading
from pytest_migrations.formats.reading.folder import Folder

__all__ = ["FORMATS", "Folder", "Format", "Reading", "read_history"]
