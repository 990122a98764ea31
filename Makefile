# nn4mc: `make hil` does the main job, `make test` runs the tests; both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
FLIGHTS := --vehicle x500_real --vehicle crazyflie --reference hover --reference lissajous

.DEFAULT_GOAL := help
.PHONY: help hil tracking test conformance fuzz setup setup-test setup-bench lint bench wheel clean

help: ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
	|| sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1: \2/p' $(MAKEFILE_LIST)

hil: setup ## fly RAPTOR on an emulated Cortex-M4 and write report/
	$(BIN)/nn4mc hil quadrotor $(FLIGHTS) --report report

tracking: setup ## fly the soft rigs beside the paper's figures; write report/tracking and docs/tracking.md
	$(BIN)/nn4mc bench tracking --report report/tracking --markdown docs/tracking.md

test: setup-test ## run all tests
	$(BIN)/python -m pytest -n auto --dist worksteal

conformance: setup-test ## run ONNX' own node tests through generated C and count them
	$(BIN)/python -m tests.conformance.run

fuzz: setup-test ## read 40,000 damaged model files of six formats
	$(BIN)/python -m tests.fuzz.run --count 40000 --seed 1 --jobs 2

setup: $(VENV)/.ready-hil ## install what the main job needs
	@PYTHON=$(PYTHON) scripts/system-packages.sh hil

setup-test: $(VENV)/.ready-dev ## install what the tests need
	@PYTHON=$(PYTHON) scripts/system-packages.sh test

setup-bench: $(VENV)/.ready-bench ## install what the benchmarks need
	@PYTHON=$(PYTHON) scripts/system-packages.sh bench

lint: $(VENV)/.ready-dev ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup-bench ## measure networks on a Cortex-M4F beside other tools, and flights in lock-step; write docs/benchmarks.md
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks.cortex_m4f --write
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks.quantised
	$(BIN)/python -m benchmarks.lockstep

wheel: $(VENV)/.ready-dev ## build dist/*.whl
	$(BIN)/python -m build --wheel

clean: ## remove what was built, the virtual environment included
	rm -rf $(VENV) build dist report firmware/.pio .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@PYTHON=$(PYTHON) scripts/system-packages.sh hil
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready-hil: pyproject.toml | $(VENV)/bin/python
	@echo "Installing nn4mc and its Python packages into $(VENV) ..."
	@$(PIP) install --quiet --editable '.[hil]'
	@touch $@

$(VENV)/.ready-dev: pyproject.toml | $(VENV)/bin/python
	@echo "Installing nn4mc and what its tests need into $(VENV) ..."
	@$(PIP) install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.ready-hil

$(VENV)/.ready-bench: pyproject.toml | $(VENV)/bin/python
	@echo "Installing nn4mc and the tools it is compared with into $(VENV) ..."
	@$(PIP) install --quiet --editable '.[bench]'
	@touch $@
