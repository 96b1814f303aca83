"""The SQL languages: PostgreSQL's own grammar splits scripts and says what a statement is."""
