"""What a database holds: its snapshot, and how two snapshots differ."""
