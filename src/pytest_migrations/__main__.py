"""``python -m pytest_migrations``: the command line."""

from pytest_migrations.cli import main

if __name__ == "__main__":
    main()
