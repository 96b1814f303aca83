"""What the scripts of a migration touch, look for and fill."""
