"""What is done to real databases, without a terminal: status, run, rollback, backup, ..."""
