# Works with any make and a POSIX shell. Everything is installed into .venv (training: .venv-train), nothing else is
# touched. Run again at any time: what is up to date is not made again.

VENV := .venv
BIN := $(VENV)/bin
TRAIN_VENV := .venv-train
TRAIN_BIN := $(TRAIN_VENV)/bin
DEMO := demo-library
# The recordings to train on, see CONTRIBUTING.
CORPUS ?= corpus
RENDERS := runs/renders
BENCHMARKS := $(notdir $(basename $(wildcard benchmarks/[a-z]*.py)))

# The Python to make environments with: the newest that the tests run on. `make PYTHON=/path/to/python` takes another.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	"$$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; \
	done)
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
# PyTorch's builds differ by accelerator; pip's own settings say where to get another than the usual one.
TORCH := torch==2.13.0
UV := uv==0.13.8
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' --constraint requirements/intel-mac.in pyproject.toml

.PHONY: help setup demo test lint bench setup-training train test-training lock clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo           set up, then tag a copy of the bundled samples and search in it'
	@echo 'make setup          make .venv with all that is needed to work here'
	@echo 'make test           set up, then run all tests'
	@echo 'make lint           set up, then check style and types'
	@echo 'make bench          set up, then measure speed'
	@echo 'make setup-training make .venv-train with all that training needs'
	@echo 'make train          make .venv-train, then render, train and export the model (hours)'
	@echo 'make test-training  make .venv-train, then test what needs PyTorch'
	@echo 'make lock           write the pinned versions in requirements/ anew'
	@echo 'make clean          remove environments, caches and the demo'

setup: $(VENV)/.ready

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@$(call make_venv,$(VENV))
	@echo 'Installing into $(VENV), some 900 MB; this takes a few minutes the first time.'
	@$(BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	@$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(VENV)/.ready
	@mkdir -p $(DEMO)
	@cp -R demo/samples/. $(DEMO)
	$(BIN)/tagger tag $(DEMO) --force --catalog $(DEMO)/catalog.db
	@echo
	$(BIN)/tagger find --family drums --catalog $(DEMO)/catalog.db
	@echo
	$(BIN)/tagger find --kind loop --catalog $(DEMO)/catalog.db

test: $(VENV)/.ready
	$(BIN)/python -m pytest

lint: $(VENV)/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(VENV)/.ready
	@for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m "benchmarks.$$name" || exit 1; echo; done

setup-training: $(TRAIN_VENV)/.ready

train: $(TRAIN_VENV)/.ready
	$(TRAIN_BIN)/python -m models render --corpus $(CORPUS) --out $(RENDERS)
	$(TRAIN_BIN)/python -m models build --data $(CORPUS) --data $(RENDERS) --data $(RENDERS)/songs.csv \
		--rooms $(CORPUS)/impulse_responses --recipe models/recipe.toml
	$(TRAIN_BIN)/python -m models validate --renders $(RENDERS)

test-training: $(TRAIN_VENV)/.ready
	$(TRAIN_BIN)/python -m pytest -W default tests/training

$(TRAIN_VENV)/.ready: requirements/train.txt
	@$(call make_venv,$(TRAIN_VENV))
	@$(TRAIN_BIN)/python $(PIP_INSTALL) --require-hashes -r requirements/train.txt
	@$(TRAIN_BIN)/python $(PIP_INSTALL) $(TORCH)
	@touch $@

lock: $(VENV)/.ready
	@$(BIN)/python $(PIP_INSTALL) $(UV)
	$(COMPILE) --upgrade --output-file requirements/runtime.txt
	$(COMPILE) --upgrade --extra m4a --group dev --output-file requirements/dev.txt
	$(COMPILE) --upgrade --extra train --group test --override requirements/without-torch.in --output-file requirements/train.txt

clean:
	rm -rf $(VENV) $(TRAIN_VENV) $(DEMO) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

define make_venv
if [ ! -x $(1)/bin/pip ]; then \
	if [ -z "$(PYTHON)" ]; then \
		echo 'No Python 3.11 or newer with venv was found; install one, or name it: make PYTHON=/path/to/python' >&2; \
		exit 1; \
	fi; \
	"$(PYTHON)" -m venv $(1); \
fi
endef
