# Frontrow's verbs. Bare `make` lists them.
PYTHON ?= python3.11
PORT ?= 8000
DATA ?= $(CURDIR)/.data
VENV := $(CURDIR)/.venv
PY := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help up test check fix migrations contracts lock admin lifecycle memory clean

help: ## list these verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

up: $(VENV)/.installed ## run Frontrow; PORT=8000 DATA=.data
	@exec $(PY) -m frontrow up --port "$(PORT)" --data "$(DATA)"

test: $(VENV)/.installed-dev ## run every test, on real servers; T='-k words' narrows
	@$(PY) tests/needs.py
	@exec $(PY) -m pytest $(T)

check: $(VENV)/.installed-dev ## ruff, mypy, import contracts, migrations
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@DJANGO_SETTINGS_MODULE=tests.settings $(PY) -W ignore -m django makemigrations --check --dry-run

fix: $(VENV)/.installed-dev ## let ruff mend and format
	@$(VENV)/bin/ruff check --fix . ; $(VENV)/bin/ruff format .

migrations: $(VENV)/.installed-dev ## write migrations for changed models
	@DJANGO_SETTINGS_MODULE=tests.settings $(PY) -W ignore -m django makemigrations

contracts: $(VENV)/.installed-dev ## write the OpenAPI documents to contracts/http
	@DATABASE_URL=postgres://nowhere/none SECRET_KEY=for-this-command-only-no-token-is-signed $(PY) -m frontrow contracts contracts/http

lock: $(VENV)/.installed-dev ## pin newer versions of everything we build on
	@$(VENV)/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	@$(VENV)/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

admin: $(VENV)/.installed ## make a registered person an administrator: make admin LOGIN=ada
	@exec $(PY) -m frontrow admin --data "$(DATA)" "$(LOGIN)"

lifecycle: $(VENV)/.installed-dev ## check starting, stopping and surviving in a fresh clone, with its seconds
	@exec $(PY) tests/lifecycle.py

memory: $(VENV)/.installed ## print the resident memory of an idle Frontrow
	@exec $(PY) tests/memory.py

clean: ## remove what was installed (data stays)
	@rm -rf $(VENV)

$(VENV)/.installed: requirements.lock
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { echo "Python 3.11 with its venv module is needed (Debian: apt install python3-venv), or name another: make up PYTHON=…"; exit 2; }
	@echo "Installing what Frontrow runs on …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what the tests need …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
