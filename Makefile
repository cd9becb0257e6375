# Fynlo POS. `make` alone lists what there is.
#
# Everything runs in .venv, which the first target that needs it makes: Python 3.11 or newer and make are all that a
# fresh machine has to bring.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Two workers: what the smallest machine that we test on can feed.
WORKERS ?= 2
VENV := .venv
INSTALLED := $(VENV)/installed
PY := $(VENV)/bin/python

export PYTHONPATH := $(CURDIR):$(CURDIR)/protos/python
unexport PYTHONHOME
# A virtual environment that happens to be active must not be taken for ours.
unexport VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1

##@ Use it

.PHONY: run
run: $(INSTALLED) ## Start everything: servers, services, gateway (Ctrl-C stops it; data in .fynlo)
	@exec $(PY) -m deploy.local

.PHONY: reset
reset: $(INSTALLED) ## Remove the local data, after asking (without a terminal: FYNLO_RESET=yes)
	@exec $(PY) -m deploy.local.reset

.PHONY: migrate
migrate: $(INSTALLED) ## Migrate every schema of FYNLO_OWNER_DATABASE_URL (make run does it by itself)
	@$(PY) -m chassis.db.migrations upgrade all

.PHONY: parked
parked: $(INSTALLED) ## Show the events that could not be handled (ARGS="retry --all", or the page /platform/parked)
	@exec $(PY) -m deploy.local.parked $(ARGS)

.PHONY: verify-audit
verify-audit: $(INSTALLED) ## Verify the chains of audit records (ARGS="payments", ARGS="--heads"); exit code 1: one is broken
	@exec $(PY) -m deploy.local.audit_chain $(ARGS)

##@ Work on it

.PHONY: check
check: lint types protos migrations ## What must hold before a change is tested: lint, types, imports, contracts, migrations

.PHONY: test
test: $(INSTALLED) ## Run the tests (ARGS="-k name" narrows them, WORKERS=0 runs them in one process)
	@exec $(PY) -m pytest -n $(WORKERS) $(ARGS)

.PHONY: lint
lint: $(INSTALLED) ## Lint, formatting, the direction of imports, and that the lock leaves nothing out
	@$(PY) -m pip check
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -c "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"

.PHONY: format
format: $(INSTALLED) ## Format the code and sort its imports
	@$(PY) -m ruff check --select I,UP --fix
	@$(PY) -m ruff format

.PHONY: types
types: $(INSTALLED) ## Type-check everything
	@$(PY) -m mypy .

.PHONY: protos
protos: $(INSTALLED) ## Check the contracts (FIX=1 writes the generated package anew)
	@$(PY) -m tools.protos $(if $(FIX),generate,check)

.PHONY: migrations
migrations: $(INSTALLED) ## Check the migrations: up, down, up again, and what the code declares
	@$(PY) -m deploy.local.check_migrations

##@ Measure and break it (make run in another terminal)

.PHONY: replay
replay: $(INSTALLED) ## Play a recorded day through the gateway: make replay FILE=orders.tsv
	@test -n "$(FILE)" || { echo "Name the recording: make replay FILE=orders.tsv" >&2; exit 2; }
	@exec $(PY) -m tools.replay "$(FILE)" $(ARGS)

.PHONY: bench
bench: $(INSTALLED) ## Measure a system of its own against the bars (SCENARIO=name: that one)
	@exec $(PY) -m bench $(SCENARIO) $(ARGS)

.PHONY: chaos
chaos: $(INSTALLED) ## Break a system of its own in every way under load and check every promise
	@exec $(PY) -m tools.chaos $(ARGS)

##@ Set-up

.PHONY: venv
venv: $(INSTALLED) ## Make .venv with every locked dependency

# Production installs requirements.lock and nothing else; the other lock holds what is not in it.
LOCK := compile --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --quiet
.PHONY: lock
lock: ## Resolve requirements.in and requirements-dev.in anew, keeping every pin that still fits (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv on the PATH: pipx install uv" >&2; exit 1; }
	@uv pip $(LOCK) requirements.in -o requirements.lock
	@uv pip $(LOCK) --allow-unsafe -c requirements.lock \
		$$(sed -n 's/^\([A-Za-z0-9_.-]*\)==.*/--no-emit-package \1/p' requirements.lock) \
		requirements-dev.in -o requirements-dev.lock

.PHONY: clean
clean: ## Remove .venv and every cache (never the data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage test-results
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo

# The stamp is newer than the locks: installed once for each. They are complete, so nothing is resolved; the pip
# that they name comes first. A virtual environment that an earlier lock filled is made anew, so that nothing stays in it
# that the lock no longer names.
$(INSTALLED): requirements.lock requirements-dev.lock
	@set -e; \
	found=; \
	for python in python3 python3.11 python3.12 python3.13 python3.14; do \
		if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			found="$$python"; break; \
		fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Fynlo needs Python 3.11 or newer with its venv module, and found none on the PATH" >&2; \
		echo "(python3 is: $$(python3 --version 2>&1 || true)). On Debian or Ubuntu: apt install python3 python3-venv." >&2; \
		exit 1; \
	fi; \
	echo "Setting up .venv with $$($$found --version) and the locked dependencies; this happens once."; \
	rm -rf $(VENV); \
	"$$found" -m venv $(VENV); \
	awk '/^pip==/ { found = 1 } found { print } found && !/\\$$/ { exit }' requirements-dev.lock > $(VENV)/pip.lock; \
	$(PY) -m pip install --no-input --quiet --require-hashes -r $(VENV)/pip.lock; \
	$(PY) -m pip install --no-input --quiet --require-hashes --no-deps \
		-r requirements.lock -r requirements-dev.lock; \
	touch $(INSTALLED)
