# Every target makes .venv first if it is not there or if its pins have changed.
# The interpreter: the first of these that runs, is 3.11 to 3.13 and can make a virtual environment;
# `make venv PYTHON=python3.12` chooses another. (A pyenv shim may be on the path and still not run.)
SUITS := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(SUITS)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# One file of tests stays on one worker, so that what its fixtures build is built once.
PYTEST_ARGS ?= -n 2 --dist loadfile

.PHONY: venv demo test lint format docs clean distclean

venv: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make venv: PYTHON: expected Python 3.11 to 3.13 with the venv" \
		"module (got none on the path)" >&2; exit 2; }
	@command -v "$${CXX:-c++}" >/dev/null || echo "make venv: no C++ compiler on the path: install one" \
		"(g++ or clang) to use the device cpp_standalone" >&2
	@echo "Installing into $(VENV) (minutes the first time) ..."
	@$(BIN)/python -c '$(SUITS)' >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	@$(PIP) pip setuptools wheel
	@PYTHONWARNINGS=ignore $(PIP) --no-build-isolation --group dev --editable .
	@touch $@

demo: venv
	@$(BIN)/snn-credit run demo --out runs/demo --force
	@echo "the command is $(BIN)/snn-credit; next: $(BIN)/snn-credit run lillicrap-spiking"

test: venv
	@$(BIN)/python -m pytest -m "not cuda" $(PYTEST_ARGS)

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/python .ci/typed.py

format: venv
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# A link or a docstring that the site cannot show is an error. The variable silences the theme's
# notice about another project. (With --quiet, --strict sees no warnings.)
docs: venv
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "build/site/index.html"

clean:
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) .venv-cuda .venv-bindsnet
