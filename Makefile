# Every target sets up what it needs: git, make and Python 3.11 or newer are enough.
# What is imported is compiled once, at set-up: where Python may not write bytecode, every command and every process of
# the tests would compile the frameworks anew, which is two thirds of a start.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test test-fast check format bench eval lock lock-policies migrate clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[36m%-13s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Install everything into .venv/

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Dispatch needs Python 3.11 or newer; name one with: make setup PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src
	@touch $(STAMP)

demo: $(STAMP) ## Run the service with calls flowing (make demo ARGS=--exit runs one day and ends)
	@$(BIN)/dispatch demo $(ARGS)

serve: $(STAMP) ## Run the service alone
	@$(BIN)/dispatch serve $(ARGS)

test: $(STAMP) ## Run all tests
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

test-fast: $(STAMP) ## Run the tests of the core (no database)
	@$(BIN)/python -m pytest tests/unit tests/structure $(ARGS)

check: $(STAMP) ## Format, lint, types, import contracts, structure, migrations up-down-up, OpenAPI, policy
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -q tests/structure
	@$(BIN)/python -m tools.check_migrations
	@$(BIN)/python -m tools.check_openapi
	@$(BIN)/dispatch policy check us-default

format: $(STAMP) ## Rewrite the code in the house's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP) ## Run the benchmarks and write build/bench.json
	@$(BIN)/python -m bench $(ARGS)

eval: $(STAMP) ## Measure triage on labelled data and write build/eval.json and docs/triage-quality.md
	@$(BIN)/python -m evaluation

migrate: $(STAMP) ## Bring the database to the schema of this version
	@$(BIN)/dispatch db upgrade

lock: $(STAMP) ## Compile requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 --extra dev --upgrade --output-file requirements.lock pyproject.toml

lock-policies: $(STAMP) ## Write policies/version.lock for policies whose version was raised
	@$(BIN)/python -m tools.lock_policies

clean: ## Remove what the tools made (not the data in .dispatch/)
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis $(VENV)
