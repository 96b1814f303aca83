"""What becomes of rows: whether they are the same, and which are lost, changed or left behind."""
