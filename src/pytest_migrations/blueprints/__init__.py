"""New migrations: templates (the ``.sql`` files beside this), what becomes of them, and how they get into a folder.

A template is written in our own format, between two lines of its own kind: the first one says what it is for, those up
to the empty line which values it takes (``name: kind = default``, where the kind is ``name``, ``sql`` or ``text``).
Where the safe way takes several migrations, ``-- MIGRATION: what`` begins each.
"""
