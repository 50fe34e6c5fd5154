# `make demo` and `make test` need Python 3.11 to 3.13, make and git; everything else goes into .venv.

.DEFAULT_GOAL := help
.PHONY: help install demo test lint types quick slow bench pictures docs versions clean

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
WORKLOAD ?= mlp_functions
WORKERS ?= 2
SCRIPT := bench/workloads/$(WORKLOAD)/train.py

# The first interpreter that runs, has the right version and can make a virtual environment. It is run, not
# only looked up: a version manager leaves commands on the PATH that fail when they are called.
SUITABLE := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	if $$p -c '$(SUITABLE)' >/dev/null 2>&1; then echo $$p; break; fi; done)

# An editable install holds the path of the tree it was made from. The stamp remembers it, so that a tree
# that was moved or copied with its .venv installs itself again and never runs the code of another one.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

help:
	@echo 'make demo     run the main job on a real training script (WORKLOAD=mlp_functions)'
	@echo 'make test     ruff, mypy and the tests: up to twenty-five minutes'
	@echo 'make quick    the tests that start no TensorFlow: seconds'
	@echo 'make slow     the tests that do, with the few that make test leaves out'
	@echo 'make lint     ruff alone; `make types`: mypy alone'
	@echo 'make bench    the benchmarks: over an hour; the numbers go to results/reference'
	@echo 'make pictures what README.md and docs show of the terminal, made anew'
	@echo 'make docs     the documentation as a site, in site/'
	@echo 'make versions the demo and quick tests on the lowest and the newest TensorFlow for each Python'
	@echo 'make install  set up .venv; every target above does so when it must'
	@echo 'make clean    remove .venv and the caches'

install: $(STAMP)

# Dependency groups are read by pip 25.1 and later; the pip that Python brings along may be older.
$(STAMP): pyproject.toml
	@'$(PYTHON)' -c '$(SUITABLE)' 2>/dev/null || { \
	    echo 'No Python 3.11, 3.12 or 3.13 that can make a virtual environment was found.' >&2; \
	    echo 'Install one (Debian, Ubuntu: apt install python3-venv) or name it: make PYTHON=/path/to/python3.12' >&2; \
	    exit 1; }
	@echo 'Setting up $(VENV) with $(PYTHON): about 0.8 GB to download, once, and 2.5 GB on disk.'
	@$(BIN)/python -c '$(SUITABLE)' 2>/dev/null || { rm -rf '$(VENV)' && '$(PYTHON)' -m venv '$(VENV)'; }
	$(BIN)/python -m pip install --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --editable . --group dev
	@echo '$(CURDIR)' > $(STAMP)

demo: $(STAMP)
	$(BIN)/optimize --train-script $(SCRIPT) --budget 150s

# Two processes share the tests, a file at a time, in the order of tests/conftest.py; those that compare measured speeds
# have the machine to themselves.
test: lint types
	$(BIN)/python -m pytest -m 'not long and not timed' --hypothesis-profile=repeatable --durations=25 \
	    -n $(WORKERS) --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest -m 'timed and not long'

lint: $(STAMP)
	$(BIN)/python -m ruff check .

types: $(STAMP)
	$(BIN)/python -m mypy src

quick: $(STAMP)
	$(BIN)/python -m pytest -m 'not slow'

slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

bench: $(STAMP)
	@mkdir -p results
	$(BIN)/python -m pytest bench -o python_files='bench_*.py' --benchmark-json=results/benchmarks.json
	$(BIN)/python bench/costs_table.py results/benchmarks.json
	$(BIN)/python bench/workloads_table.py

pictures: $(STAMP)
	$(BIN)/python tests/pictures.py

# It makes environments of its own, so it needs none. ONLY=python3.11 tries the pairs whose names begin so.
docs: $(STAMP)
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/python -m mkdocs build --strict

versions:
	$(PYTHON) tests/versions.py $(ONLY)

clean:
	rm -rf '$(VENV)' .versions .mypy_cache .ruff_cache .pytest_cache .benchmarks build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
