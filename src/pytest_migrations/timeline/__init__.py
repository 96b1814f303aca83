"""The one walk through a history, and what it proves of each migration on the way."""
