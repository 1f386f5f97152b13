# Needs Python 3.11 or later and make, nothing else: everything is installed into .venv, at the versions of requirements/dev.txt.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help venv package local demo test check soak bench conformance docs format clean

VENV := .venv
BIN := $(VENV)/bin
# One stamp per place: scripts in an environment hold its path, so a clone that was moved builds a new one.
STAMP := $(VENV)/installed-$(shell printf '%s' '$(CURDIR)' | cksum | cut -d ' ' -f 1)
INSTALL := $(BIN)/python -m pip --disable-pip-version-check --no-input install --constraint requirements/dev.txt
# Pip says nothing unless it fails; then it says everything.
OR_TELL := > $(VENV)/pip.log 2>&1 || { cat $(VENV)/pip.log >&2; \
  echo 'pip failed. Check the network and the index that pip is configured with, then run make again.' >&2; exit 1; }
TEMPLATES := $(sort $(wildcard templates/*.yaml templates/examples/*.yaml templates/examples/*/*.yaml))
PYTEST_ARGS ?= -n auto --dist loadfile

# Nobody's AWS settings reach the local cloud, the demo or the tests. Conformance alone goes to AWS, by profiles that are named.
ifeq ($(filter conformance,$(MAKECMDGOALS)),)
unexport $(filter AWS_%,$(.VARIABLES))
endif

help: ## Show this help
	@echo 'Usage: make TARGET'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

venv: $(STAMP) ## Install everything into .venv (at once when that is done)

package: $(STAMP) ## Build the Lambda zips into dist/
	@$(BIN)/crossaccount package

local: $(STAMP) ## Run the local cloud in the foreground until Ctrl-C
	@$(BIN)/crossaccount local

demo: $(STAMP) ## Show on the local cloud what this does, step by step
	@$(BIN)/crossaccount demo

test: check ## Run everything that CI runs

check: export AWS_CONFIG_FILE := /dev/null
check: export AWS_SHARED_CREDENTIALS_FILE := /dev/null
check: export AWS_EC2_METADATA_DISABLED := true
check: $(STAMP) ## Check format, lint, types, import contracts and templates, and run the tests
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(if $(TEMPLATES),$(BIN)/cfn-lint -- $(TEMPLATES))
	$(BIN)/pytest $(PYTEST_ARGS)

soak: export MODEL_BUDGET := soak
soak: $(STAMP) ## Play the model of CloudFormation and the concurrent writers at length
	$(BIN)/pytest -q --timeout 7200 tests/controller/test_model.py tests/controller/test_concurrent_writers.py

bench: export PYTHONPATH := tests:tests/core:tests/controller:tests/reliability
bench: $(STAMP) ## Measure what docs/benchmarks.md says, write it, and print a row per goal
	@$(BIN)/python tests/bench/run.py

conformance: $(STAMP) ## Ask three sandbox accounts on AWS what only AWS can settle (docs/conformance.md)
	@$(BIN)/python tests/conformance/run.py $(foreach name,central owner consumer intruder confirm organization-id,$(call option,$(name))) \
	  $(foreach one,$(ONLY),--only '$(one)') $(foreach one,$(PARAMETER),--parameter '$(one)') $(if $(KEEP),--keep) $(if $(SWEEP),--sweep)

# `--central sandbox-a` of CENTRAL=sandbox-a, and so on; nothing of what is not given.
option = $(if $($(call upper,$(1))),--$(1) '$($(call upper,$(1)))')
upper = $(shell printf '%s' '$(1)' | tr a-z- A-Z_)

docs: export WRITE_DOCS := 1
docs: $(STAMP) ## Write the generated parts of the docs
	@$(BIN)/python docs/generate.py
	@$(BIN)/pytest -q tests/proof/test_every_permission_is_proven.py
	@$(BIN)/pytest -q tests/end_to_end/test_local_and_demo.py -k recording
	@$(BIN)/pytest -q tests/map/test_map_pictures.py

format: $(STAMP) ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

clean: ## Remove all that make has built, the environments too
	rm -rf $(VENV) .venvs .local dist build *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find provider tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements/dev.txt pyproject.toml
	@$(create_environment)
	@$(INSTALL) setuptools $(OR_TELL)
	@$(INSTALL) --no-build-isolation --editable '.[dev,local]' $(OR_TELL)
	@touch $@

# The first Python that is new enough and can make environments. PYTHON=... names another.
define create_environment
if [ -x $(BIN)/python ] && [ -z "$$(find $(VENV) -maxdepth 1 -name 'installed-*' ! -name '$(notdir $(STAMP))')" ]; then exit 0; fi; \
for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python3.14 python; do \
  if "$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
    echo "Installing into $(VENV) with $$("$$python" --version); the first time takes a minute or two."; \
    exec "$$python" -m venv --clear $(VENV); \
  fi; \
done; \
echo 'No Python 3.11 or later with its venv module was found. Install one (Debian: python3 and python3-venv), or name it: make PYTHON=/path/to/python3.' >&2; \
exit 1
endef
