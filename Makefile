# Every target that a person calls is told by its ## comment; `make` alone prints them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
# Without it each of the many processes compiles every test anew.
unexport PYTHONDONTWRITEBYTECODE
.DELETE_ON_ERROR:

BIN := .venv/bin
STEP := scripts/step
PYTEST := $(BIN)/pytest
TWO := -n 2
# Its tests share one name, of which several processes would run one only.
FUZZED := tests/e2e/test_openapi.py
# These wait more than they work.
FOUR := -n 4
# What shows every branch of shared/core; tracing all the others would take half of the unit tests' time.
CORE_TESTS := tests/unit/core tests/unit/servorg/test_service_groups.py
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
test: setup lint types layers security unit contract hosts e2e browser infra ## set up, all suites

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

.PHONY: security
security: setup ## bandit, and a look for secrets in every file
	@$(STEP) bandit $(BIN)/bandit -c pyproject.toml -q -r function_app.py shared servorg custorg scripts localhost
	@$(STEP) secrets $(BIN)/python -m scripts.scan_secrets

.PHONY: unit
unit: setup ## core and use cases, without network; every branch of shared/core
	@$(STEP) "unit, the core" $(PYTEST) $(CORE_TESTS) $(TWO) --cov --cov-report=
	@$(STEP) "coverage of shared/core" $(BIN)/coverage report --include='shared/core/*' --fail-under=100
	@$(STEP) "unit, the others" $(PYTEST) tests/unit $(addprefix --ignore=,$(CORE_TESTS)) $(TWO)

.PHONY: contract
contract: setup ## each port's suite against every implementation
	@$(STEP) contract $(PYTEST) tests/contract $(TWO)

.PHONY: hosts
hosts: setup ## the local host and the doubles
	@$(STEP) "local host and doubles" $(PYTEST) tests/localhost tests/doubles $(FOUR)

.PHONY: e2e
e2e: setup ## both roles, Azurite and the doubles on real sockets
	@$(STEP) "end to end" $(PYTEST) tests/e2e --ignore $(FUZZED) $(FOUR)
	@$(STEP) "every route, fuzzed" $(PYTEST) $(FUZZED)

.PHONY: browser
browser: setup ## the pages in Chromium
ifneq ($(BROWSER_TESTS),)
	@$(STEP) "Chromium" scripts/setup browser
	@$(STEP) browser $(PYTEST) tests/browser
endif

.PHONY: infra
infra: setup .local/infra/.ready ## the Bicep template, its scripts, and the package
	@$(STEP) infra $(PYTEST) tests/infra $(TWO) --dist loadfile

.PHONY: package
package: .venv/.ready ## the zip that Azure runs: make package ROLE=servorg|custorg
	@$(BIN)/python -m scripts.package $(ROLE)

.PHONY: faults
faults: setup ## the long fault suite: bugs planted into the planner, and its laws on thousands of random cases
	@$(STEP) "planted bugs" $(BIN)/python -m scripts.plant_bugs
	@LAW_EXAMPLES=2000 $(STEP) "laws" $(PYTEST) tests/unit/core $(TWO) --timeout 1800

.PHONY: bench
bench: setup ## the benchmarks: planner, start of the hosts, a first sync, the form's routes, the group picker
	@for what in same empty every-mode every-mode-empty every-account every-account-empty diffsync; do $(STEP) "planner, $$what" $(BIN)/python -m bench.planner $$what || exit 1; done
	@$(STEP) "start of the hosts" $(BIN)/python -m bench.startup
	@$(STEP) "first sync" $(BIN)/python -m bench.end_to_end
	@$(STEP) "a delivery of DeskDirector's event" $(BIN)/python -m bench.event
	@$(STEP) "a list of the form" $(BIN)/python -m bench.form_list
	@$(STEP) "Chromium" scripts/setup browser
	@$(STEP) "group picker" $(BIN)/python -m bench.picker

.venv/.ready: requirements-dev.txt scripts/setup
	@$(STEP) "Python environment" scripts/setup python
	@touch $@

.local/infra/.ready: requirements-infra.txt scripts/setup
	@$(STEP) "checkov and shellcheck" scripts/setup infra
	@touch $@

node_modules/.ready: package.json package-lock.json scripts/setup
	@$(STEP) Azurite scripts/setup node
	@touch $@
