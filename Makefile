# Needs make and Python 3.11+; everything else is installed into .venv. All paths are relative: the checkout may lie
# anywhere, in a path with spaces too. Programs are called as `python -m`, so that .venv survives a move.

PYTHON ?= python3
PORT ?= 8000
export PORT

# Without a .env of your own this is a development checkout; with one, what it says holds.
ifeq ($(wildcard .env),)
export DEBUG ?= true
endif

VENV := .venv/bin/python
SETUP := $(PYTHON) -B .ci/setup.py

.DEFAULT_GOAL := help
.PHONY: help demo test check run worker bench fmt lock clean python app dev
.NOTPARALLEL:

# $(call phase,what it does,command): a heading, the command, the seconds it took. No commas in either.
define phase
@printf '\n== %s\n' '$(1)'; began=$$(date +%s); $(2) && printf '   %s s\n' "$$(( $$(date +%s) - began ))"
endef

help: ## this list
	@echo 'make demo    replay real orders into points, start the server on port $(PORT), print what to try'
	@echo 'make test    all checks and all tests'
	@echo 'make check   the checks without the tests: lint, types, layers, migrations'
	@echo 'make run     the server alone, with the data that is there'
	@echo 'make worker  the background jobs alone (make demo has them)'
	@echo 'make bench   measure the hot paths, beside bare SQL and idiomatic Django'
	@echo 'make fmt     format the code'
	@echo 'make lock    renew the hashed lists of what is installed'
	@echo 'make clean   stop the servers of this checkout and remove all that was made in it'
	@echo
	@echo 'PORT=8001 chooses another port, PYTHON=python3.12 another Python.'

demo: app
	@$(VENV) manage.py demo

run: app
	@$(SETUP) port $(PORT)
	@mkdir -p .data
	@$(VENV) manage.py migrate --check >/dev/null || { echo 'There is no data here yet: run make demo first, or .venv/bin/python manage.py migrate for an empty system.' >&2; exit 1; }
	@echo "Listening on http://127.0.0.1:$(PORT)/console/ (Ctrl-C stops it)"
	@rm -rf .data/metrics/$(PORT)
	@PROMETHEUS_MULTIPROC_DIR=.data/metrics/$(PORT) $(VENV) -m gunicorn --config python:config.gunicorn --bind 127.0.0.1:$(PORT) --pid .data/web.pid

worker: app
	@$(VENV) manage.py worker

check: dev
	$(call phase,lint: ruff,$(VENV) -m ruff check --quiet . && $(VENV) -m ruff format --check --quiet .)
	$(call phase,types: mypy,$(VENV) -m mypy .)
	$(call phase,layers: import-linter,$(VENV) -c 'from importlinter.cli import lint_imports_command as c; c()' --no-cache)
	$(call phase,migrations: none is missing,$(VENV) manage.py makemigrations --check --dry-run)
	$(call phase,migrations: none locks a live table,$(VENV) manage.py lintmigrations)
	$(call phase,containers: hadolint and compose-lint,.venv/bin/hadolint Dockerfile && $(VENV) -m compose_lint check --quiet compose.yaml)

# The embedded database is stopped again unless somebody is connected to it. pytest's closing line stays the last.
# Bytecode is kept, also where the surroundings say otherwise: to compile all of it takes each process seconds.
test: check
	@printf '\n== tests: pytest on 2 processes\n'
	@PYTHONDONTWRITEBYTECODE= $(VENV) -m pytest -n 2; code=$$?; $(VENV) -m config.embedded_postgres stop --if-idle >/dev/null 2>&1; exit $$code

bench: dev
	@$(VENV) -m benchmarks

fmt: dev
	@$(VENV) -m ruff format .
	@$(VENV) -m ruff check --fix .

# Three lists: what a server runs, that plus the embedded database, and all that plus what tests and checks. No addresses: pip's own configuration says where from.
LOCK := $(VENV) -m piptools compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options pyproject.toml
lock: dev
	@$(VENV) -m pip install --quiet pip-tools
	@$(LOCK) --extra embedded -o requirements.txt
	@$(LOCK) -c requirements.txt -o requirements-server.txt
	@$(LOCK) --extra embedded --extra dev -c requirements.txt -o requirements-dev.txt

clean: python
	@$(SETUP) clean

app: python
	@$(SETUP) install requirements.txt

dev: python
	@$(SETUP) install requirements-dev.txt
	@$(SETUP) node tests/browser

python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo 'Python 3.11 or newer is missing: install it (apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3.' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed and $(PYTHON) is older: install one (apt-get install python3.11 python3.11-venv) and name it: make PYTHON=python3.11." >&2; exit 1; }
