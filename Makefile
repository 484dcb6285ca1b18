# Everything a developer types. `make demo` and `make test` need only Python 3.11+ and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# The tests that start whole hubs are collected first and stay first, so that no core waits for the last of them.
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# A hub is many processes and the tests start many hubs: what was compiled once is kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint types arrows docs soak bench lock clean

demo: $(VENV)/.demo  ## play the demo consortium on an embedded PostgreSQL until Ctrl-C
	$(BIN)/yilian demo

test: $(VENV)/.dev  ## every test
	$(PYTEST)

lint: $(VENV)/.dev  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev  ## mypy --strict, tests included
	$(BIN)/mypy --num-workers auto

arrows: $(VENV)/.dev  ## who may import whom
	$(BIN)/lint-imports

docs: $(VENV)/.dev  ## write the generated reference pages
	$(BIN)/python -m scripts.reference

soak: $(VENV)/.dev  ## the long runs: hundreds of kill rounds
	YILIAN_SOAK=1 $(PYTEST) -m soak

bench: $(VENV)/.dev  ## every benchmark; prints ratios
	$(BIN)/python -m bench

lock:  ## renew the locked dependencies (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--extra demo pyproject.toml -o requirements/demo.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--extra redis pyproject.toml -o requirements/production.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--extra demo --extra train --extra dev pyproject.toml -o requirements/dev.lock

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python requirements/demo.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/.dev: $(VENV)/bin/python requirements/dev.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
