"""A way in for old projects: checks that are waived, failures that are accepted, and what a branch adds."""
