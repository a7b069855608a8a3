# make demo: start the service with the sample patients on 127.0.0.1 (another port: make demo PORT=8001)
# make test: everything that a change must pass: `make check`, then all tests
# make coverage: all tests, and the branches that they leave out (takes half as long again)
# make check: format, lint, types and import direction, without the tests
# make test-deployment: try the service behind nginx, which must be installed (Debian: apt-get install nginx-light)
# make validate: run all vignettes and write docs/validation.md and its plot
# make codes-report: what public lists of codes hold and no value set does, with the reason
# make docs: write the tables of docs/ anew from the rules; read what changed as a clinician would
# make format: put the code into the format that `make check` wants, and mend what ruff can mend
# make bench: measure the service under load
# make requirements: lock the dependencies of pyproject.toml again (newer ones: make requirements UPGRADE=--upgrade)
# make clean: remove .venv and all that the tools left behind

PORT ?= 8000
UPGRADE ?=

# The Python for .venv: the first of these that runs and is 3.11 to 3.13 (your choice: make demo PYTHON=/path/to/python3).
CANDIDATES = $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python)
SUITABLE = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
FOUND = $(shell for python in $(CANDIDATES); do "$$python" -c '$(SUITABLE)' 2>/dev/null && echo "$$python" && break; done)
HAS_VENV = $(shell "$(FOUND)" -c 'import ensurepip, venv; print("yes")' 2>/dev/null)
NO_PYTHON = No Python 3.11, 3.12 or 3.13 found (tried: $(CANDIDATES)): install one, or name one with PYTHON=/path/to/python3
NO_VENV = $(FOUND) has no venv module: install it (Debian and Ubuntu: apt install python3-venv), then run make again

IN = .venv/bin
INSTALL = $(IN)/python -m pip install --quiet --disable-pip-version-check
# On every core, file by file: what a file starts once, a server or a database, it starts in one process only.
PYTEST = $(IN)/python -m pytest --numprocesses logical --dist loadfile
# With extras, because pip before 23.3 does not apply the pin of a bare name to what asks for it with an extra.
LOCK = .venv-lock/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --custom-compile-command 'make requirements' $(UPGRADE)

.PHONY: help demo test coverage check test-deployment validate codes-report docs format bench requirements clean

help:
	@sed -n 's/^# \(make [a-z-]*: .*\)/\1/p' Makefile

demo: .venv/for-service
	@$(IN)/cds-service demo --port $(PORT)

test: check
	$(PYTEST)

coverage: .venv/for-tests
	$(PYTEST) --cov --cov-report=
	$(IN)/coverage report --include='cds_service/facts.py,cds_service/assessment/*,cds_service/fhir/*'

check: .venv/for-tests
	$(IN)/ruff format --check .
	$(IN)/ruff check .
	$(IN)/mypy
	$(IN)/lint-imports

test-deployment: .venv/for-tests
	@command -v nginx >/dev/null || { echo "nginx is missing: install it (Debian and Ubuntu: apt-get install nginx-light)"; exit 1; }
	$(IN)/python -m pytest tests/deployment

validate: .venv/for-tests
	@$(IN)/python -m tests.validation

codes-report: .venv/for-tests
	@$(IN)/python -m tests.code_lists

docs: .venv/for-tests
	@$(IN)/python -m tests.docs_tables

format: .venv/for-tests
	$(IN)/ruff format .
	$(IN)/ruff check --fix .

bench: .venv/for-tests
	$(IN)/python -m benchmarks
	$(IN)/python -m benchmarks.jwt
	$(IN)/python -m benchmarks.fewer_alerts

requirements: .venv-lock/bin/uv
	$(LOCK) --output-file requirements.txt
	$(LOCK) --group test --constraints requirements.txt --output-file requirements-test.txt

clean:
	rm -rf .venv .venv-lock .medplum build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache

# Made once; --clear because what is there already is broken, or this rule would not run.
.venv/bin/python:
	$(if $(FOUND),,$(error $(NO_PYTHON)))
	$(if $(HAS_VENV),,$(error $(NO_VENV)))
	@"$(FOUND)" -m venv --clear .venv

# The two files for-service and for-tests only say what was installed into .venv, and when.
.venv/for-service: requirements.txt pyproject.toml .venv/bin/python
	@echo "Installing what the service needs into .venv ..."
	@$(INSTALL) --require-hashes --requirement requirements.txt
	@$(INSTALL) --no-deps --editable .
	@touch $@

# The build backend is among the hashed requirements here, hence no isolated build that would fetch it once more.
.venv/for-tests: requirements-test.txt pyproject.toml .venv/bin/python
	@echo "Installing what the tests need into .venv ..."
	@$(INSTALL) --require-hashes --requirement requirements-test.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv-lock/bin/uv: | .venv/bin/python
	@$(IN)/python -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'
