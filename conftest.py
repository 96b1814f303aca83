"""pytest accepts pytest_plugins only in the topmost conftest."""

pytest_plugins = ["pytester"]
