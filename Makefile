# make demo   installs into .venv and shows the demo
# make test   installs what tests need and runs them; ARGS are passed on: make test ARGS="-k plan"

MIN_PYTHON := (3, 11)
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < $(MIN_PYTHON))' 2>/dev/null \
	&& { echo $$name; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq --require-hashes
MANAGE := $(BIN)/python manage.py

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo up doctor test check ci coverage lint format-check types imports audit bench migrations-check django-check openapi openapi-check

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

install: .venv/.installed-app  ## make .venv with what the application needs

install-dev: .venv/.installed-dev  ## ... and what its tests and checks need

demo: install  ## show the demo (ARGS="--help" lists its options)
	@$(MANAGE) demo $(ARGS)

up: install  ## run the whole stack in this terminal
	@$(MANAGE) up $(ARGS)

doctor: install  ## say what is well, what is not, and how to mend it
	@$(MANAGE) doctor $(ARGS)

test: install-dev  ## run the tests (ARGS are pytest's)
	@$(BIN)/python -m pytest $(ARGS)

check: lint format-check types imports migrations-check django-check openapi-check  ## run every check but the tests

ci: check test  ## what has to pass before a merge

coverage: install-dev  ## the tests, with the branches that they miss
	@$(BIN)/python -m pytest --cov --cov-branch --cov-report=term-missing:skip-covered $(ARGS)

lint: install-dev  ## ruff
	@$(BIN)/ruff check .

format-check: install-dev  ## ruff's formatter
	@$(BIN)/ruff format --check .

types: install-dev  ## mypy
	@$(BIN)/mypy .

imports: install-dev  ## which room imports which
	@$(BIN)/lint-imports

bench: .venv/.installed-bench  ## how fast a change arrives, beside what is possible (ARGS="--help")
	@$(BIN)/python -m bench.speed $(ARGS)

audit: install-dev  ## known vulnerabilities of what is pinned (asks PyPI; not part of ci)
	@$(BIN)/pip-audit -r requirements.txt --require-hashes --disable-pip --strict

migrations-check: install-dev  ## that models and migrations agree
	@$(MANAGE) makemigrations --check --dry-run

django-check: install-dev  ## Django's own checks
	@$(MANAGE) check

openapi: install  ## write the OpenAPI document after routes, parameters or answers changed
	@$(MANAGE) openapi

openapi-check: install-dev  ## that the OpenAPI document is that of the routes
	@$(MANAGE) openapi --check

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; or name one: make PYTHON=..." >&2; exit 1; }
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.installed-app: requirements.txt requirements/redis-binary.txt | .venv/bin/python
	@echo "installing requirements.txt"
	@$(PIP) -r requirements.txt
	@$(BIN)/python config/stack/fetch_redis.py
	@touch $@

.venv/.installed-dev: requirements/dev.txt .venv/.installed-app
	@echo "installing requirements/dev.txt"
	@$(PIP) -r requirements/dev.txt
	@touch $@

.venv/.installed-bench: requirements/bench.txt .venv/.installed-app
	@echo "installing requirements/bench.txt"
	@$(PIP) -r requirements/bench.txt && touch $@ || echo "without it no plot is drawn; all else works"
