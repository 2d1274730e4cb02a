SHELL := /bin/bash
PY ?= python3
BIN := .venv/bin
READY := .venv/.ready
STUDY := build/study

.PHONY: study test check lab notebooks bench lock clean

study: $(READY)
	$(BIN)/influgraph run data/demo --out $(STUDY)

test: $(READY)
	$(BIN)/pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lab: $(READY)
	$(BIN)/jupyter lab notebooks

notebooks: $(READY)
	$(BIN)/python notebooks/execute.py

bench: $(READY)
	$(BIN)/python -m benchmarks

lock: $(READY)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --group dev pyproject.toml --generate-hashes --no-header --no-annotate --no-emit-index-url -o requirements.lock

$(READY): requirements.lock requirements.boot pyproject.toml
	@$(PY) -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	  || { echo "influgraph needs Python 3.11, 3.12 or 3.13 with venv (Debian: apt install python3-venv). Name another with: make $(MAKECMDGOALS) PY=python3.12"; exit 1; }
	$(PY) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.boot
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install -q --require-hashes -r requirements.lock
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf .venv build
