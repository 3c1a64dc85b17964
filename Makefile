# `make demo` and `make test` do all the set-up by themselves; `make help` lists the rest.
# PYTHON names the interpreter to build on, VENV the environment's folder.

PYTHON = python3
VENV = .venv
VENV_BENCH = .venv-bench
RUN = $(VENV)/bin/python -m
PYTEST_ARGS = -n auto --dist worksteal
HOT_ARGS =
SOAK_ARGS =
BENCH_ARGS =

# The stamp of each environment is newer than the lock file that it was filled from.
STAMP_RUN = $(VENV)/.parkgap-run
STAMP_DEV = $(VENV)/.parkgap-dev
STAMP_BENCH = $(VENV_BENCH)/.parkgap-bench
# The libraries in JavaScript that the tests ask; npm writes the file itself.
STAMP_JS = tests/js/node_modules/.package-lock.json

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help demo setup test lint format types unit soak bench bench-hot lock clean

help:
	@echo 'make demo    run the embedded study; results in maps/neubrandenburg'
	@echo 'make test    every check: ruff, mypy, pytest with the browser tests'
	@echo 'make lint    ruff and mypy alone'
	@echo 'make format  rewrite the code the way ruff wants it'
	@echo 'make unit    pytest alone; PYTEST_ARGS="-k reach" chooses'
	@echo 'make soak    kill 200 runs at random moments; half an hour; SOAK_ARGS="--kills 20"'
	@echo 'make bench   measure against osmnx, networkx, pandana, rustworkx, igraph, cityseer;'
	@echo '             BENCH_ARGS="--copies 5 20 --parks 100 --save" for growth; takes hours'
	@echo 'make bench-hot   time the functions in which a run spends its time'
	@echo 'make lock    resolve the pinned versions anew'
	@echo 'make clean   remove environments, caches and results'

demo: $(STAMP_RUN)
	$(VENV)/bin/parkgap demo

setup: $(STAMP_DEV)

test: lint unit

lint: $(STAMP_DEV)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

format: $(STAMP_DEV)
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

unit: $(STAMP_DEV) $(STAMP_JS)
	$(RUN) pytest $(PYTEST_ARGS)

soak: $(STAMP_DEV)
	PARKGAP_EVERY_FAULT=1 $(RUN) pytest tests/integration/test_crash.py
	$(VENV)/bin/python benchmarks/soak.py $(SOAK_ARGS)

bench: $(STAMP_BENCH)
	$(VENV_BENCH)/bin/python benchmarks/run.py $(BENCH_ARGS)

bench-hot: $(STAMP_BENCH)
	$(VENV_BENCH)/bin/python -m pytest benchmarks/test_hot.py --benchmark-columns=min,median,max \
		--benchmark-sort=name --benchmark-timer=time.process_time $(HOT_ARGS)

# --- environments ---------------------------------------------------------------------------
# Everything is installed by hash, the build back end too; --no-deps and --no-build-isolation
# keep pip from fetching anything else.

FILL = bin/python -m pip install --quiet --require-hashes --requirement
SELF = bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .

$(STAMP_RUN): requirements.lock pyproject.toml
	@$(MAKE) --no-print-directory _venv DIR=$(VENV)
	$(VENV)/$(FILL) requirements.lock
	$(VENV)/$(SELF)
	@touch $@

$(STAMP_DEV): requirements-dev.lock $(STAMP_RUN)
	$(VENV)/$(FILL) requirements-dev.lock
	@touch $@

# By hash too (integrity), and no package's own scripts run.  Without npm the tests that ask these
# libraries are skipped and say so; where CI is set they fail.
$(STAMP_JS): tests/js/package-lock.json
	@if command -v npm >/dev/null; then \
		npm ci --prefix tests/js --ignore-scripts --no-audit --no-fund --loglevel error && touch $@; \
	else echo 'no npm here: neither opening_hours.js nor axe-core will be asked' >&2; fi

$(STAMP_BENCH): requirements-bench.lock pyproject.toml
	@$(MAKE) --no-print-directory _venv DIR=$(VENV_BENCH)
	$(VENV_BENCH)/$(FILL) requirements-bench.lock
	$(VENV_BENCH)/$(SELF)
	@touch $@

.PHONY: _venv
_venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'parkgap needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...' >&2; exit 1; }
	$(PYTHON) -m venv $(DIR)
	@echo '*' > $(DIR)/.gitignore

# --- pinned versions ------------------------------------------------------------------------
# uv is asked for nothing but this; the files name no registry.

LOCK = $(VENV)/bin/uv pip compile pyproject.toml --quiet --upgrade --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	--group build

lock: $(STAMP_RUN)
	$(RUN) pip install --quiet uv
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	$(LOCK) --extra bench --constraint requirements.lock --output-file requirements-bench.lock

clean:
	rm -rf $(VENV) $(VENV_BENCH) maps benchmarks/work build dist
	rm -rf tests/js/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
