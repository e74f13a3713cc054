# Thin calls of one command, `analysis`; see `make` alone for what there is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(BIN)/analysis
SOURCE ?= sample
JOBS   ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup data update reports briefs report pdf slides lab status new clean test lint lock prove gallery comparison bench

help: ## print the targets
	@echo "Angeleno: city whitepapers that prove their numbers"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# One environment for everything: exactly the locked files, checked against their hashes.
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { echo "python3 -m venv failed: on Debian and Ubuntu install python3-venv first"; rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.installed ## create .venv from the lock, if needed

data: setup ## fetch the live data (ANALYSIS_MIRROR=http://… redirects every source)
	@$(RUN) data

update: setup ## fetch, refine, run and print in one go: what changed at the publishers, and nothing else
	@$(RUN) reports --source live --fetch --jobs $(JOBS) $(OPTIONS)

reports: setup ## build every whitepaper that is stale [SOURCE=live] [OPTIONS="--explain --only 01_*"]
	@$(RUN) reports --source $(SOURCE) --jobs $(JOBS) $(OPTIONS)

briefs: setup ## build the briefs by place that are stale [AREAS=cd-01,nc-…] [SOURCE=live]
	@$(RUN) briefs --source $(SOURCE) --jobs $(JOBS) $(if $(AREAS),--areas "$(AREAS)") $(OPTIONS)

report: setup ## build one: make report NB=01 [PARAMS="area=cd-01"] [CUT=brief] [SOURCE=live]
	@test -n "$(NB)" || { echo 'say which: make report NB=01 [PARAMS="area=cd-01"]'; exit 2; }
	@$(RUN) report $(NB) --source $(SOURCE) $(foreach p,$(PARAMS),-p "$(p)") $(if $(CUT),--cut $(CUT))

pdf: setup ## print fresh reports as tagged PDF, with Chromium [NB=01] [SOURCE=live]
	@$(RUN) pdf $(NB) --source $(SOURCE)

slides: setup ## make slides of fresh reports, one finding a slide [NB=01] [SOURCE=live]
	@$(RUN) slides $(NB) --source $(SOURCE)

lab: setup ## open JupyterLab with the kernel registered
	@$(RUN) lab

status: setup ## say what is stale and why [SOURCE=live]
	@$(RUN) status --source $(SOURCE)

new: setup ## scaffold a notebook: make new NAME=tenant_protection
	@test -n "$(NAME)" || { echo 'say its name: make new NAME=tenant_protection'; exit 2; }
	@$(RUN) new $(NAME)

# One thread a worker: two workers with two threads each only wait for one another.
test: setup ## run the tests
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS)

lint: setup ## check style, types and layers
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

prove: setup ## run the trials of methods that changed, 500 invented worlds each, and record what came of them
	@$(RUN) prove --jobs $(JOBS)

lock: ## resolve the dependencies anew into requirements.lock
	@uv pip compile --quiet --universal --generate-hashes --all-extras --no-emit-index-url --no-annotate --no-header \
	  --python-version 3.11 pyproject.toml --output-file requirements.lock

gallery: setup ## photograph the live whitepapers into docs/gallery (needs Chromium)
	@$(BIN)/python docs/gallery/photograph.py

comparison: setup ## print a live report with nbconvert's own template, too, and compare (needs Chromium)
	@$(BIN)/python docs/gallery/compare.py

bench: setup ## measure builds against their peers, 40 minutes (see bench/README.md) [BENCH="--only floor,angeleno"]
	@$(BIN)/python -m bench peers $(BENCH)
	@$(BIN)/python -m bench start
	@$(BIN)/python -m bench report

clean: ## remove processed data, reports and caches; fetched raw data and earlier editions stay
	@test ! -x $(RUN) || $(RUN) clean
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
