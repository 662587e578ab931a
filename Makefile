# Prospectus: every door to the project. `make help` lists them.
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
DATA ?= var
PIP := $(PY) -m pip --python $(BIN)/python install -q --disable-pip-version-check --root-user-action=ignore
# Wheels only, each with a hash: nothing of others runs while it is installed. One tool of the tests has no wheel.
LOCKED := $(PIP) --only-binary :all: --require-hashes
PYTEST := $(BIN)/python -m pytest
# One more than processors, as tests of workers mostly wait; journeys keep a browser and a demo busy each.
JOBS ?= $(shell expr $$(nproc) + 1)
JOURNEYS ?= $(shell nproc)

.DEFAULT_GOAL := help
# Images of Python often say it. Tests start Python hundreds of times, and would compile the service each time.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help setup run test collected journeys sweep check lint format catalogs bench figures locks wheel sbom places clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.run: requirements.txt pyproject.toml hatch_build.py
	@test -x $(BIN)/python || $(PY) -m venv --without-pip $(VENV)
	$(LOCKED) -r requirements.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	$(LOCKED) --no-binary dkimpy -r requirements-dev.txt
	@touch $@

# Peers stand beside the environment, so that nothing but the benches can import them.
$(VENV)/.bench: $(VENV)/.dev requirements-bench.txt
	$(PIP) --require-hashes --upgrade --target $(VENV)/bench -r requirements-bench.txt
	@touch $@

setup: $(VENV)/.dev ## Make the environment for running, testing and checking

run: $(VENV)/.run ## Start the demo: web, worker and captured outbox (PORT=, DATA=)
	@PORT=$(PORT) DATA=$(DATA) exec $(BIN)/prospectus demo

test: $(VENV)/.dev ## Run the tests, then the browser journeys
	$(PYTEST) -n $(JOBS) --dist worksteal -q -m "not journey and not sweep"
	$(PYTEST) -n $(JOURNEYS) --dist loadfile -q -m journey tests/journeys

# Tells soon of a test that cannot be loaded; what it compiles, each process of a run would compile for itself.
collected: $(VENV)/.dev
	@found=$$($(PYTEST) --collect-only -qq 2>&1) || { echo "$$found"; exit 1; }

journeys: $(VENV)/.dev ## Run the browser journeys alone
	$(PYTEST) -n $(JOURNEYS) --dist loadfile -q -m journey tests/journeys

sweep: $(VENV)/.dev ## Run the long sweeps: every kill point, soak
	$(PYTEST) -q --timeout 3600 -m sweep

lint: $(VENV)/.dev ## Format check, ruff, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	@! grep -n '://' requirements*.txt

catalogs: $(VENV)/.dev ## Check catalogs and help pages
	$(BIN)/prospectus catalog extract --check
	$(BIN)/prospectus catalog check --strict
	$(BIN)/prospectus catalog mails
	$(BIN)/prospectus content check content

check: ## Everything that must be green
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint catalogs collected
	@$(MAKE) --no-print-directory test

format: $(VENV)/.dev ## Format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.bench ## Print the figures, as ratios against peers
	PYTHONPATH=$(VENV)/bench $(PYTEST) -q -s --timeout 0 tests/bench --override-ini=python_files='bench_*.py'

figures: $(VENV)/.dev ## Take the pictures of the help pages again, from the demo
	$(BIN)/python -m tests.journeys.help_figures

places: $(VENV)/.dev ## Note again where each text is shown, from what the tests of the web open
	$(BIN)/python -m tests.web.heard

locks: ## Write the hash-pinned locks again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate requirements.in -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate requirements-dev.in -o requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate requirements-bench.in -o requirements-bench.txt

wheel: $(VENV)/.dev ## Build the wheel into dist/
	$(PY) -m pip --python $(BIN)/python wheel -q --no-deps --no-build-isolation -w dist .

sbom: $(VENV)/.dev ## Write the list of what the service runs on into dist/sbom.json
	@mkdir -p dist
	$(BIN)/python -m tests.packaging.sbom requirements.txt > dist/sbom.json

clean: ## Remove the environment and build products (never var/)
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
