"""What the rows of a table are made from."""
