# Both make a virtual environment first. PYTHON names the interpreter (3.10 or newer).
PYTHON ?= python3
VENV ?= .venv

.PHONY: demo test check bench

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[embedded,test]'
	touch $@

demo: $(VENV)/installed
	$(VENV)/bin/pytest --migrations-dir=example_project/migrations example_project/migrations

test: $(VENV)/installed
	$(VENV)/bin/pytest tests -n auto

check: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(VENV)/installed
	$(VENV)/bin/pytest benchmarks
