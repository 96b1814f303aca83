"""Backups: taken, kept in a folder, restored beside what they are of, and put into its place."""
