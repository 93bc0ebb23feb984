# Frontrow's verbs. Bare `make` lists them.
# The first of these that is new enough and can make virtual environments; name one: make up PYTHON=…
# The system's own first: distributions build theirs optimised, which who builds one by hand often forgets (a quarter slower).
PYTHON ?= /usr/bin/python3.11 python3.11 python3.12 python3.13 python3
PORT ?= 8000
DATA ?= $(CURDIR)/.data
VENV := .venv
PY := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help up services services-memory test check fix migrations contracts messages screenshots reference lock admin dead-letters reconcile seed lifecycle compose-check memory faults machines security schemathesis mutants bench bench-smoke sign-in-flood clean

help: ## list these verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

up: $(VENV)/.installed ## run Frontrow; PORT=8000 DATA=.data
	@exec $(PY) -m frontrow up --port "$(PORT)" --data "$(DATA)"

services: $(VENV)/.installed ## run each service by itself, behind a gateway; PORT=8000 DATA=.data
	@exec $(PY) -m frontrow services --port "$(PORT)" --data "$(DATA)"

test: $(VENV)/.installed-dev ## run every test, on real servers; T='-k words' narrows
	@$(PY) -m tests.needs
	@exec $(PY) -m pytest $(or $(T),-n 3 --dist loadgroup --no-loadscope-reorder)

check: $(VENV)/.installed-dev ## ruff, mypy, import contracts, migrations, known vulnerabilities
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@DJANGO_SETTINGS_MODULE=tests.settings $(PY) -W ignore -m django makemigrations --check --dry-run
	@$(PY) -m tests.audit

fix: $(VENV)/.installed-dev ## let ruff mend and format
	@$(VENV)/bin/ruff check --fix . ; $(VENV)/bin/ruff format .

migrations: $(VENV)/.installed-dev ## write migrations for changed models
	@DJANGO_SETTINGS_MODULE=tests.settings $(PY) -W ignore -m django makemigrations

contracts: $(VENV)/.installed-dev ## write the OpenAPI documents to contracts/http
	@DATABASE_URL=postgres://nowhere/none SECRET_KEY=for-this-command-only-no-token-is-signed $(PY) -m frontrow contracts contracts/http

messages: $(VENV)/.installed-dev ## gather the phrases of pages and notifications for translators, and compile what they wrote
	@$(PY) -m tests.messages

screenshots: $(VENV)/.installed-dev ## every page, in two sizes and both themes, into screenshots/
	@$(PY) -m tests.needs >/dev/null
	@exec $(PY) -m tests.screenshots

reference: $(VENV)/.installed-dev ## write the table of settings into docs/operations.md
	@$(PY) -m tests.reference

lock: $(VENV)/.installed-dev ## pin newer versions of everything we build on
	@$(VENV)/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	@$(VENV)/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

admin: $(VENV)/.installed ## make a registered person an administrator: make admin LOGIN=ada
	@PUBLIC_URL="$${PUBLIC_URL:-http://127.0.0.1:$(PORT)}" exec $(PY) -m frontrow admin --data "$(DATA)" "$(LOGIN)"

dead-letters: $(VENV)/.installed ## messages that were given up; DO='show ID', 'replay ID' or 'replay all'
	@exec $(PY) -m frontrow dead-letters --data "$(DATA)" $(DO)

reconcile: $(VENV)/.installed ## compare bookings, stock, payments and the provider's ledger, and heal what may be
	@exec $(PY) -m frontrow reconcile --data "$(DATA)"

seed: $(VENV)/.installed ## fill DATA with demo people, events and bookings
	@exec $(PY) -m frontrow seed --data "$(DATA)"

lifecycle: $(VENV)/.installed-dev ## check starting, stopping and surviving in fresh clones, with seconds
	@exec $(PY) -m tests.lifecycle $(T)

compose-check: $(VENV)/.installed-dev ## build and try compose.yaml with a Docker engine; T=--keep leaves it running
	@exec $(PY) -m tests.compose_check $(T)

memory: $(VENV)/.installed ## print the resident memory of an idle Frontrow
	@exec $(PY) -m tests.memory

faults: $(VENV)/.installed-dev ## kill everything, hundreds of times, while people buy, and check every promise; T='--seed N' repeats
	@$(PY) -m tests.needs >/dev/null
	@exec $(PY) -m tests.faults $(T)

machines: $(VENV)/.installed-dev ## run the state machines for thousands of steps; what fails is kept in .hypothesis
	@exec $(PY) -m pytest -p tests.machines --hypothesis-profile machines \
	  $(or $(T),-k test_whatever $(wildcard tests/*/test_model.py frontrow/*/tests/*_model.py frontrow/services/*/tests/*_model.py))

security: $(VENV)/.installed-dev ## who may do what, and which tokens count: asks every route and service, and prints both tables
	@$(PY) -m tests.needs >/dev/null
	@exec $(PY) -m pytest -q -p tests.security.tables tests/security $(T)

schemathesis: $(VENV)/.installed-dev ## 20,000 cases from the OpenAPI documents, call by call and call after call, signed in and not
	@$(PY) -m tests.needs >/dev/null
	@exec $(PY) -m pytest -q -p tests.security.pace -p tests.security.tables --hypothesis-profile cases \
	  tests/contracts/test_schemathesis.py tests/security/test_cases.py $(T)

mutants: $(VENV)/.installed-dev ## see that the tests notice deliberate defects (tests/defects.py, tests/weaknesses); T='refund lock' narrows
	@$(PY) -m tests.needs >/dev/null
	@exec $(PY) -m tests.mutants $(T)

bench: $(VENV)/.installed-dev ## how fast we sell, beside what the machine can do; into bench/results
	@exec $(PY) -m bench

bench-smoke: $(VENV)/.installed-dev ## the same, one short round, whose figures are not kept
	@exec $(PY) -m bench --smoke

sign-in-flood: $(VENV)/.installed-dev ## whether people still book while 200 wrong sign-ins a second come; T='--rounds 5'
	@exec $(PY) -m bench.flood $(T)

services-memory: $(VENV)/.installed ## print the memory of each process of idle services
	@exec $(PY) -m tests.fleet.memory

clean: ## remove what was installed (data stays)
	@rm -rf $(VENV)

# A kill in the middle leaves an environment without pip; it is made anew.
$(VENV)/.installed: requirements.lock
	@$(PY) -m pip --version >/dev/null 2>&1 || { \
	for python in $(PYTHON); do \
	  "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  exec "$$python" -m venv --clear $(VENV); \
	done; \
	echo "Frontrow needs Python 3.11 or later with its venv module (Debian: apt install python3-venv); found none as: $(PYTHON)." >&2; exit 2; }
	@echo "Installing what Frontrow runs on, once (a minute) …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what the tests need …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
