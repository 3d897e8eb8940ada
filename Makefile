# The commands of this repository; each is safe to run twice. `make` alone lists them.
# On Windows, or without make: see "Without make" in README.md.

VENV := .venv
PY   := $(VENV)/bin/python
# written last, so that an interrupted install is taken up again
DONE := $(VENV)/installed
# what the book needs beside it
BOOK := $(VENV)/book-installed
# and what benchmarks compare with
BENCH := $(VENV)/bench-installed
# an environment of its own, for the oldest versions that pyproject.toml allows
OLDEST := .venv-oldest

# the first Python that is new enough and can make environments; `make lab PYTHON=/path/to/python` picks another
SUITABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c "$(SUITABLE)" 2>/dev/null && echo $$p && break; done)

.PHONY: help lab test test-oldest mutants lessons book test-browser bench check clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /|/' | awk -F'|' '{ printf "  make %-13s %s\n", $$1, $$2 }'

lab: $(DONE) ## set up once, then open JupyterLab on the lessons
	$(PY) -m gmm_tutorial lab $(ARGS)

# whose docstrings hold examples, which are run
EXAMPLES := $(addprefix gmm_tutorial/,grid.py decay.py rotary.py retention.py attention manhattan models plug priors results \
	learn/__init__.py learn/discover.py learn/exercise.py learn/compare.py)

test: $(DONE) ## unit tests and examples, then every notebook and every solution against its committed outputs
	$(PY) -m pytest -q -n 2 tests
	$(PY) -m pytest -q --doctest-modules $(EXAMPLES)
	$(PY) -m pytest -q --nbval -n 2 --dist loadscope notebooks/
	$(PY) -m pytest -q --nbval -n 2 --dist loadscope solutions/

test-oldest: $(OLDEST)/installed ## unit tests and notebooks with the lowest versions that pyproject.toml allows
	$(OLDEST)/bin/python -m pytest -q -n 2 tests
	$(OLDEST)/bin/python -m pytest -q --nbval -n 2 --dist loadscope notebooks/

mutants: $(DONE) ## put slips into a copy of the package, one at a time: which test catches each (minutes; ARGS=retention)
	$(PY) benchmarks/mutants.py $(ARGS)

lessons: $(DONE) ## masters -> executed notebooks; one with LESSON=03, over a learner's work with FORCE=1
	$(PY) -m gmm_tutorial build $(LESSON) $(if $(FORCE),--force)

book: $(BOOK) ## lessons, results and reference as a site in build/book; executes nothing, a warning is an error
	$(PY) -m book

test-browser: $(BOOK) ## the book in a real browser (CHROMIUM=/path/to/it), after `make book`
	$(PY) -m pytest -q -n 2 tests/browser

# a file of benchmarks/ each; benchmarks/train.py runs by itself
BENCHMARKS := attention layers backbones retention manhattan masks

bench: $(BENCH) ## how fast it is, against what else there is: tables, and receipts in results/bench (about 4 minutes)
	set -e; for name in $(BENCHMARKS); do $(PY) -m benchmarks.$$name; done

check: $(DONE) ## lint, format, types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

clean: ## remove the environments and every cache of the tools, but no notebook, data or result
	rm -rf $(VENV) $(OLDEST) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

define check-python
@"$(PYTHON)" -c "$(SUITABLE)" 2>/dev/null || { \
	echo "This needs Python 3.11 or newer with its venv module (on Debian and Ubuntu: the package python3-venv)."; \
	echo "Install one, or name yours:  make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 1; }
endef

$(DONE): pyproject.toml constraints.txt
	$(check-python)
	@$(PY) -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear $(VENV)
	$(PY) -m pip install --constraint constraints.txt --editable ".[dev]"
	@touch $(DONE)

$(BOOK): $(DONE)
	$(PY) -m pip install --constraint constraints.txt --editable ".[book]"
	@touch $(BOOK)

$(BENCH): $(DONE)
	$(PY) -m pip install --constraint constraints.txt --editable ".[bench]"
	@touch $(BENCH)

# each >= becomes ==; what the dependencies themselves need is as new as they allow
LOWEST := import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	extras = project["optional-dependencies"]; print(*project["dependencies"], *extras["timm"], *extras["test"], sep="\n")

$(OLDEST)/installed: pyproject.toml
	$(check-python)
	@"$(PYTHON)" -m venv --clear $(OLDEST)
	"$(PYTHON)" -c '$(LOWEST)' | sed '/^gmm-tutorial/d; s/>=/==/' > $(OLDEST)/lowest.txt
	$(OLDEST)/bin/python -m pip install --constraint $(OLDEST)/lowest.txt --editable ".[test]"
	@touch $@
