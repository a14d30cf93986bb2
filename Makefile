# Every target that a person calls is told by its ## comment; `make` alone prints them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

BIN := .venv/bin
STEP := scripts/step
PYTEST := $(BIN)/pytest
TWO := -n 2
BROWSER_TESTS := $(wildcard tests/browser/test_*.py)

.PHONY: help
help:
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/.ready node_modules/.ready ## everything installed, nothing run

.PHONY: demo
demo: setup ## a first sync of three made-up customers on this machine; nothing to configure
	@$(BIN)/python -m scripts.demo

.PHONY: test
test: setup lint types layers unit contract hosts e2e browser ## set up, all suites

.PHONY: check
check: setup lint types layers unit ## lint, types, layers, unit: before each commit

.PHONY: lock
lock: setup ## pin anew what pyproject.toml asks for: requirements.txt ships, requirements-dev.txt is for work
	@scripts/setup lock

.PHONY: fix
fix: setup ## format, and mend what ruff can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: lint
lint: setup ## ruff: rules and format
	@$(STEP) lint $(BIN)/ruff check .
	@$(STEP) format $(BIN)/ruff format --check .

.PHONY: types
types: setup ## mypy, strict
	@$(STEP) types $(BIN)/mypy

.PHONY: layers
layers: setup ## who may import whom
	@$(STEP) layers $(BIN)/lint-imports --no-logo

.PHONY: unit
unit: setup ## core and use cases, without network; every branch of shared/core
	@$(STEP) unit $(PYTEST) tests/unit $(TWO) --cov --cov-report=
	@$(STEP) "coverage of shared/core" $(BIN)/coverage report --include='shared/core/*' --fail-under=100

.PHONY: contract
contract: setup ## each port's suite against every implementation
	@$(STEP) contract $(PYTEST) tests/contract $(TWO)

.PHONY: hosts
hosts: setup ## the local host and the doubles
	@$(STEP) "local host and doubles" $(PYTEST) tests/localhost tests/doubles $(TWO)

.PHONY: e2e
e2e: setup ## both roles, Azurite and the doubles on real sockets
	@$(STEP) "end to end" $(PYTEST) tests/e2e $(TWO)

.PHONY: browser
browser: setup ## the pages in Chromium
ifneq ($(BROWSER_TESTS),)
	@$(STEP) "Chromium" scripts/setup browser
	@$(STEP) browser $(PYTEST) tests/browser
endif

.PHONY: faults
faults: setup ## the long fault suite: bugs planted into the planner, and its laws on thousands of random cases
	@$(STEP) "planted bugs" $(BIN)/python -m scripts.plant_bugs
	@LAW_EXAMPLES=2000 $(STEP) "laws" $(PYTEST) tests/unit/core $(TWO) --timeout 1800

.PHONY: bench
bench: setup ## the benchmarks: planner, start of the hosts, a first sync of 5,000 people
	@for what in same empty diffsync; do $(STEP) "planner, $$what" $(BIN)/python -m bench.planner $$what || exit 1; done
	@$(STEP) "start of the hosts" $(BIN)/python -m bench.startup
	@$(STEP) "first sync" $(BIN)/python -m bench.end_to_end

.venv/.ready: requirements-dev.txt scripts/setup
	@$(STEP) "Python environment" scripts/setup python
	@touch $@

node_modules/.ready: package.json package-lock.json scripts/setup
	@$(STEP) Azurite scripts/setup node
	@touch $@
