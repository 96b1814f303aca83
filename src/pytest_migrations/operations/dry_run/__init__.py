"""Dry runs: what is planned for a target is done to a stand-in of it, and the target is only read."""
