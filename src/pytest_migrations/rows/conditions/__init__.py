"""Rows that satisfy CHECK constraints: values found in the conditions, or drawn by hypothesis, judged by the server."""
