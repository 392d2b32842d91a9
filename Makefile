# Everything starts from here: `make demo` and `make test` set up all they need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
TEAMS  := $(notdir $(patsubst %/,%,$(dir $(wildcard teams/*/assets.py))))
SEED   ?=
# Tests run side by side; tests/side_by_side.py says which take turns. The slow ones wait most of the time: for a lease to
# run out, for the sweep to come by, for containers, whose drills take longest and so come before all else.
PYTEST := nice $(BIN)/python -m pytest -q --durations=20
# uv compiles to bytecode once, Python may keep it: otherwise every process compiles Prefect anew.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV

.PHONY: help demo up down test test-teams test-all chaos bench lint types imports locks lock clean docker-up docker-demo docker-down
.DEFAULT_GOAL := help

help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lockgate needs Python 3.11 or newer; call: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || { echo "Installing uv, which installs the rest ..."; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; }
	@echo "Bringing $(VENV) to what uv.lock says; the first time takes a minute ..."
	@$(BIN)/uv sync --frozen --quiet --python $(BIN)/python
	@touch $@

demo: $(READY) ## Show the whole idea on real data; SEED=n repeats a run.
	$(BIN)/python -m demo $(if $(SEED),--seed $(SEED))

up: $(READY) ## Start the platform; Ctrl-C ends it.
	$(BIN)/lockgate up

down: $(READY) ## End all that `up` started.
	$(BIN)/lockgate down

docker-up: ## Build the images and start the production stack (needs Docker).
	docker/stack build
	docker/stack up

docker-demo: ## Tell the demo's story across containers, on a stack of its own; SEED=n repeats a run.
	docker/stack demo $(if $(SEED),--seed $(SEED))

docker-down: ## End the production stack; its data stays.
	docker/stack down

test: $(READY) test-teams ## Run the fast tests, those on the real server included.
	$(PYTEST) -n 2 -m "not slow"

test-teams: $(READY) ## Run each team's tests in the team's own environment.
	$(BIN)/lockgate test

test-all: test ## Run the slow tests too.
	$(PYTEST) -n 2 -m slow

chaos: $(READY) ## Kill parts of the platform and hundreds of runs; CHAOS_SEED=n repeats the dice of a run.
	CHAOS=long $(BIN)/python -m pytest tests/chaos -q

bench: $(READY) ## Run every benchmark, quickly: shows that each works, measures nothing.
	BENCHMARKS=all $(BIN)/python -m pytest tests/benchmarks -q

lint: $(READY) types imports locks ## Check style, types, imports and locks.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) $(addprefix types-team-,$(TEAMS))
	$(BIN)/mypy

types-team-%: $(READY)
	cd teams/$* && ../../$(BIN)/mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache *.py

imports: $(READY)
	$(BIN)/lint-imports

locks: $(READY) $(addprefix locks-team-,$(TEAMS))
	@$(BIN)/uv lock --quiet --check || { echo "uv.lock is out of date; run: make lock"; exit 1; }

locks-team-%: $(READY)
	@$(BIN)/uv lock --quiet --check --project teams/$* || { echo "teams/$*/uv.lock is out of date; run: make lock"; exit 1; }

lock: $(READY) ## Lock the dependencies anew after a change of a pyproject.toml.
	@for project in . $(addprefix teams/,$(TEAMS)); do $(BIN)/uv lock --quiet --project $$project || exit 1; done

clean: ## Delete the environment and all local data.
	-test -x $(BIN)/lockgate && $(BIN)/lockgate down --purge
	rm -rf $(VENV) .lockgate teams/*/.venv
