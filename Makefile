PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint clean

run: .venv/studio
	$(BIN)/python app.py

test: .venv/test chromium
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

lint: .venv/test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/studio: .venv/bin/python requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	touch $@

.venv/test: .venv/studio pyproject.toml
	$(BIN)/python -m pip install --disable-pip-version-check -e ".[test]"
	touch $@

# The browser tests drive Debian's Chromium, or the one that CHROMIUM names.
.PHONY: chromium
chromium:
	@test -n "$(CHROMIUM)" || command -v chromium >/dev/null || (apt-get update && apt-get install -y chromium) || \
	  (echo "The browser tests need Chromium. Install it, or set CHROMIUM=/path/to/it." && exit 1)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache build *.egg-info
