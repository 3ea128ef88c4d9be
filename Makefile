# From nothing: `make run` serves the demo company, `make test` checks everything. Each sets itself up in .venv once;
# stamp files make the second run quick.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PAGES := gateway/http/graphiql resolvers/profile_page
BUILT := $(PAGES:%=%/dist/index.html)
WORKERS ?= logical
ROOMS := gateway resolvers sources processes tests examples

.PHONY: run test coverage lint format pages graphiql setup constraints clean

run: $(INSTALLED) $(BUILT)
	$(BIN)/spojka serve --data data

test: lint $(BUILT)
	$(BIN)/pytest --numprocesses=$(WORKERS) --dist=worksteal

# By itself, as it makes the tests take two thirds longer.
coverage: $(BUILT)
	$(BIN)/pytest --numprocesses=$(WORKERS) --dist=worksteal --cov --cov-report=
	@echo "branch coverage: $$($(BIN)/coverage report --format=total) %"

lint: $(INSTALLED)
	$(BIN)/ruff check $(ROOMS)
	$(BIN)/ruff format --check $(ROOMS)
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff check --fix $(ROOMS)
	$(BIN)/ruff format $(ROOMS)

setup: $(INSTALLED) $(BUILT)

pages: $(BUILT)

graphiql: $(firstword $(BUILT))

# Everything is pinned with hashes, the build backend too; so building in the same environment fetches nothing more.
$(INSTALLED): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than 3.11: name a newer one with make PYTHON=python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Vite needs Node 20.19 or newer with npm; where there is none, PyPI's goes into the same .venv.
.SECONDEXPANSION:
$(BUILT): %/dist/index.html: $(INSTALLED) constraints-node.txt $$(wildcard %/*.* %/src/* %/documents/*)
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
			>/dev/null 2>&1 && npm --version >/dev/null 2>&1 \
		|| test -x $(BIN)/node \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints-node.txt
	cd $* && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	cd $* && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build
	@touch $@

# Only after a change of dependencies; needs `uv`.
constraints:
	uv pip compile pyproject.toml --extra test --group build --universal --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-annotate --custom-compile-command "make constraints" --quiet --output-file constraints.txt
	uv pip compile --group node --universal --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-annotate --custom-compile-command "make constraints" --quiet --output-file constraints-node.txt

# The demo company's data stays: it may hold what somebody imported.
clean:
	rm -rf $(VENV) $(PAGES:%=%/node_modules) $(PAGES:%=%/dist) build dist *.egg-info .coverage
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
