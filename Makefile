# Everything a newcomer needs: `make run` to use it, `make test` to trust it.

VENV := .venv
BIN := $(VENV)/bin
# A version manager may offer names that do not run, so each one is tried.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--require-hashes
# More than the cores: the tests on real processes mostly wait, one worker does not.
TOGETHER := $(BIN)/python -m pytest -n 5 --dist loadgroup
PRODUCTION := ENV_FILE=.ci/production.env
# Without it every process compiles the whole tree again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-fast test-real programs validate check check-dead-code \
	check-types check-rest format bench lock

help: ## Say what can be done here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | \
		awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/ready ## Install into .venv, nothing else

run: $(VENV)/ready ## Run everything on this machine; Ctrl-C stops it
	@$(BIN)/python -m config.run

test: setup-dev programs ## Run every test, those that assert seconds last and alone
	$(TOGETHER) -m "not alone"
	$(BIN)/python -m pytest -m alone

test-fast: setup-dev ## Run the tests that need no server
	$(BIN)/python -m pytest -n 2

test-real: setup-dev programs ## Run the tests on real processes and a real browser
	$(TOGETHER) -m "(real or browser) and not alone"
	$(BIN)/python -m pytest -m "(real or browser) and alone"

# What the providers publish of their APIs is not ours to ship: API_DESCRIPTIONS says
# where it is.
VALIDATED := tests/providers tests/sandbox tests/services tests/real
validate: setup-dev programs ## Hold all calls against the official descriptions
	@test -d "$(API_DESCRIPTIONS)" || { \
		echo "API_DESCRIPTIONS names no directory of official descriptions."; exit 1; }
	@rm -rf var/api-tally
	API_TALLY=var/api-tally $(TOGETHER) -m "not browser and not alone" \
		$(VALIDATED)
	API_TALLY=var/api-tally $(BIN)/python -m pytest -m "alone and not browser" $(VALIDATED)
	$(BIN)/python -m tests.support.provider_answers.report var/api-tally \
		"all tests of providers, sandbox and services, and those on real processes"

check: setup-dev ## Check layout, lint, types, dead code, templates, migrations, settings, layers
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target \
		check-dead-code check-types check-rest

# Side by side: the first two take as long as everything else, each on one core.
check-dead-code:
	$(BIN)/python .ci/dead_code.py

check-types:
	$(BIN)/mypy

check-rest:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/djlint --quiet --check templates sandbox
	$(PRODUCTION) DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) DJANGO_SETTINGS_MODULE=config.settings $(BIN)/python .ci/migrations.py
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python -m pytest -q tests/test_architecture.py

format: setup-dev ## Let the formatters decide layout
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djlint --quiet --reformat templates sandbox

bench: setup-dev ## Measure what the README claims
	$(BIN)/python -m tests.bench

lock: setup-dev ## Pin and hash what requirements*.in ask for
	$(foreach name,requirements requirements-otel requirements-dev,$(BIN)/uv pip compile --quiet \
		--universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" $(name).in -o $(name).txt &&) true

setup-dev: $(VENV)/ready-dev

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Mooring needs Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python cannot make a virtual environment; on Debian:"; \
		echo "  apt-get install python3-venv"; exit 1; }

$(VENV)/ready: requirements.txt | $(VENV)/bin/python
	@echo "Installing requirements.txt into $(VENV)"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

# OpenTelemetry stands aside: where the Redis client finds it, it imports all of it.
$(VENV)/ready-dev: requirements-dev.txt requirements-otel.txt $(VENV)/ready
	@echo "Installing requirements-dev.txt into $(VENV)"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@$(PIP_INSTALL) --upgrade --no-deps --target $(VENV)/otel -r requirements-otel.txt
	@touch $@

# What the tests on real processes drive, as a program and its Debian package; CHROMIUM
# names another browser. Those of a server are started by the tests, on ports of theirs.
# A Chromium that makes no windows takes half the time; the whole one does as well.
WINDOWLESS := chromium-headless-shell
PROGRAMS := chromium:chromium promtool:prometheus rabbitmq-server:rabbitmq-server \
	redis-server:redis-server faketime:faketime
programs:
	@test -n "$$CHROMIUM" || command -v $(WINDOWLESS) >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -y -qq $(WINDOWLESS); \
		else false; fi; } || echo "With $(WINDOWLESS) pages would cost half."
	@missing=$$(for each in $(PROGRAMS); do \
		test "$$each" = chromium:chromium && test -n "$$CHROMIUM" && continue; \
		PATH="$$PATH:/usr/sbin" command -v $${each%:*} >/dev/null || echo $${each#*:}; \
	done); test -z "$$missing" || { \
		echo "The tests on real processes need:" $$missing; \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && \
			apt-get install -y -qq $$missing; \
		else \
			echo "Install them with: sudo apt-get install" $$missing; \
			echo "or name a browser: make test CHROMIUM=/path/to/chromium"; exit 1; \
		fi; }
