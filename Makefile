# Every command a person needs; `make help` lists them.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
TESTS  := $(VENV)/.installed-for-tests

.DEFAULT_GOAL := help
.PHONY: help run real test lint ui dashboard audit bench soak clean

help: ## list these targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

# What runs the warehouse, and what tests it besides: a browser's driver and libraries to compare with.
$(STAMP): EXTRAS = real,dashboard
$(TESTS): EXTRAS = real,dashboard,browser,test
$(STAMP) $(TESTS): pyproject.toml .ci/constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found: install Python 3.11 or run 'make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)'"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[$(EXTRAS)]'
	@touch $(STAMP) $@

run: $(STAMP) ## simulate the demo retailer and build its warehouse in ./data
	$(BIN)/strata demo

real: $(STAMP) ## build a warehouse of published retail data (Complete Journey) in ./data-real
	$(BIN)/strata real

test: $(TESTS) lint ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(TESTS)
	$(BIN)/ruff check .

ui: $(STAMP) ## open the Dagster UI on http://127.0.0.1:3000
	$(BIN)/strata ui

dashboard: $(STAMP) ## open the web page on the published file on http://127.0.0.1:8501
	$(BIN)/strata dashboard

audit: $(TESTS) ## ask an advisory service for known weaknesses of the pinned packages
	$(BIN)/python -m tests.conventions.audit

bench: $(TESTS) ## time the main job at growing sizes, one more day beside a full build, ingestion beside DuckDB's bare reading, identity on published sets, the predictions for many customers, and audiences; and the tests that take long
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.increment
	$(BIN)/python -m tests.benchmarks.ingestion
	$(BIN)/python -m pytest -n 0 -m bench
	$(BIN)/python -m tests.benchmarks.identity
	$(BIN)/python -m tests.benchmarks.interests
	$(BIN)/python -m tests.benchmarks.lifetime
	$(BIN)/python -m tests.benchmarks.propensities
	$(BIN)/python -m tests.benchmarks.propensities --customers 1000000
	$(BIN)/python -m tests.benchmarks.demand
	$(BIN)/python -m tests.benchmarks.promotion
	$(BIN)/python -m tests.benchmarks.next_action
	$(BIN)/python -m tests.benchmarks.recommendation
	$(BIN)/python -m tests.benchmarks.audiences

soak: $(TESTS) ## sixty days of a company, a run a day, with everything that goes wrong in between; takes two to three hours
	$(BIN)/python -m tests.soak

clean: ## remove the virtual environment and dbt's build folder, never data
	rm -rf $(VENV) dbt_project/target
