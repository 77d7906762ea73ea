# Everything is installed inside the checkout. `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
SETUP := $(VENV)/.installed
NATIVE := .aws-sam/native/.built
SOURCES := .cache/sources
NODE_PACKAGES := $(patsubst %/package-lock.json,%/node_modules/.installed,$(wildcard tests/*/package-lock.json tools/*/package-lock.json))

# SAM's own settings stay in the checkout too, and nothing is reported to anyone.
export SAM_CLI_TELEMETRY := 0
export __SAM_CLI_APP_DIR := $(CURDIR)/.cache/sam
export LAYER_CACHE := $(CURDIR)/.cache/layers

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: setup
setup: $(SETUP) ## make .venv and install the locked tools

# PYTHON=/path/to/python chooses the interpreter by hand.
$(SETUP): requirements/dev.txt pyproject.toml
	@python="$${PYTHON:-$$(sh layers/bridge/find-python.sh venv)}"; \
	  test -x "$(PY)" && "$(PY)" -c '' 2>/dev/null || { echo "making $(VENV) with $$python"; "$$python" -m venv --clear $(VENV); }
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements/dev.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

# The sandbox runs the functions under Lambda's runtime client, which has Linux wheels only.
.PHONY: linux
linux:
	@test "$$(uname -s)" = Linux || { echo "the sandbox runs on Linux only: use a Linux machine, a container or WSL 2" >&2; exit 1; }

# A list of names, rewritten only when it changes, so that a file taken away is noticed as well.
.PHONY: always
$(SOURCES): always
	@mkdir -p $(@D)
	@find layers functions -type f -not -path '*/__pycache__/*' -not -path '*/.cache/*' | LC_ALL=C sort > $@.new
	@if cmp -s $@ $@.new; then rm $@.new; else mv $@.new $@; fi

.PHONY: native
native: linux $(NATIVE) ## build for this machine and its Python, which is what the sandbox runs

$(NATIVE): $(SETUP) $(SOURCES) template.yaml $(shell find layers functions -type f -not -path '*/__pycache__/*' -not -path '*/.cache/*')
	@echo "building for this machine"
	@ARCH=native PYTHON="$(CURDIR)/$(PY)" $(VENV)/bin/sam build --build-dir $(@D) >.cache/native.log 2>&1 || { cat .cache/native.log >&2; exit 1; }
	@touch $@

.PHONY: build
build: $(SETUP) ## build what is deployed into .aws-sam/build, for arm64 and x86_64 in one
	$(if $(filter-out lambda arm64 x86_64,$(ARCH)),$(error one build runs on arm64 and x86_64: leave ARCH out))
	$(if $(filter arm64 x86_64,$(ARCH)),$(info one build runs on arm64 and x86_64: ARCH is not needed. What the functions run on is the parameter Architecture, in samconfig.toml))
	@mkdir -p .cache
	ARCH=lambda PYTHON="$(CURDIR)/$(PY)" $(VENV)/bin/sam build

.PHONY: sizes
sizes: build ## list the sizes of what is deployed, and what each dependency contributes
	@$(PY) -m tools.bench.sizes

.PHONY: node
node:
	@if ! command -v npm >/dev/null || ! node -e 'process.exit(Number(parseInt(process.versions.node) < 20))' 2>/dev/null; then \
	  echo "Node 20 with npm was not found: what compares with Segment's own code is skipped, and axe-core's look at the console; install nodejs and npm to run it"; \
	elif test -n "$(NODE_PACKAGES)"; then $(MAKE) $(NODE_PACKAGES); fi

%/node_modules/.installed: %/package-lock.json
	@cd $* && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: demo
demo: native ## run the whole bridge on this machine and show what it does
	@$(PY) -m tools.demo

.PHONY: console
console: native ## run the sandbox with its console, pages for your browser (ARGS=... goes to `tools.sandbox up`)
	@$(PY) -m tools.sandbox up --console $(ARGS)

.PHONY: wheel
wheel: $(SETUP) ## build the command line's wheel into dist/, and try it in an empty environment
	@$(PY) -m tools.wheel

# The tests that run the code in their own process: what a sandbox runs is not counted.
COVERED_BY := tests/unit tests/contract tests/integration/aws tests/integration/client

# A file's tests stay in one process, so that what they share (a sandbox, mostly) is started once; files go in their
# order, the long ones first. Many tests wait for processes and time-outs: five processes keep two cores busy.
# PROCESSES=0 runs all in one process, for a debugger.
PROCESSES ?= 5
IN_PROCESSES = --numprocesses $(PROCESSES) --dist loadscope --no-loadscope-reorder
.PHONY: test
test: native node ## run all tests, and name the slowest (ARGS=... goes to pytest)
	@$(PY) -m pytest $(IN_PROCESSES) --durations=15 $(ARGS)

# Some ten times as much as the gate: cases of the model, events of the burst, deliveries of the largest batch.
.PHONY: test-long
test-long: native ## run at length what `make test` runs small (some 15 minutes; ARGS=... goes to pytest)
	@PROMISE_EXAMPLES=20000 BURST_EVENTS=50000 BATCH_EVERY=1 $(PY) -m pytest --timeout 0 tests/faults \
	  tests/end_to_end/test_delivery.py $(ARGS)

# Apart from the rest, and on few drawn cases: on Python 3.13 counting branches makes a test take twice the time.
# These tests wait for nothing: two processes are enough.
.PHONY: coverage
coverage: PROCESSES := 2
coverage: $(SETUP) ## how much of the code the tests reach that run in one process; fails under the floor
	@$(PY) -m pytest $(IN_PROCESSES) --quiet --hypothesis-profile=coverage --timeout 600 --cov --cov-report=term:skip-covered $(COVERED_BY)

.PHONY: lint
lint: $(SETUP) ## ruff, mypy (the command line as on macOS too) and the template's own checks
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/mypy --platform darwin --cache-dir .mypy_cache/darwin cli/segment_rehook_cli
	@$(VENV)/bin/sam validate --lint

.PHONY: check
check: lint test coverage ## the whole gate, the one that CI runs

# Tools that few runs need live in environments of their own, so that what everyone installs stays small.
.cache/%/.installed: requirements/%.txt $(SETUP)
	@echo "making .cache/$*"
	@$(PY) -m venv --clear .cache/$*
	@.cache/$*/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement $<
	@touch $@

.PHONY: audit
audit: .cache/audit/.installed ## bandit, checkov and, where PyPI answers, pip-audit
	@$(PY) -m tools.audit

# The path in place of an editable install: the package is read from the checkout in either environment.
FUZZ := PYTHONPATH=layers/bridge .cache/fuzz/bin/python -m tools.fuzz
FUZZ_SECONDS ?= 60
FUZZ_EXAMPLES ?= 50
.PHONY: fuzz fuzz-receive fuzz-surface
fuzz: fuzz-receive fuzz-surface ## send random bodies to the webhook's code, and requests to the running sandbox
fuzz-receive: .cache/fuzz/.installed
	@$(FUZZ) --seconds $(FUZZ_SECONDS) $(ARGS)
fuzz-surface: .cache/fuzz/.installed native
	@$(FUZZ).surface --examples $(FUZZ_EXAMPLES) $(ARGS)

.PHONY: faults
faults: native ## the crash test: load the built stack, kill its processes, check all records (ARGS="--seed 1")
	@$(PY) -m tools.faults $(ARGS)

# The checkout's package is not installed in that environment, as for fuzz; the commands under test are those of .venv.
.PHONY: deploy-test
deploy-test: linux .cache/deploy/.installed ## deploy for real, into an emulator of AWS, by the README's own commands
	@PYTHONPATH=layers/bridge .cache/deploy/bin/python -m tools.deploy_test $(ARGS)

.PHONY: mutants mutants-deliberate mutants-generated
mutants: mutants-deliberate mutants-generated ## put defects into a copy of the code: do the tests notice?
mutants-deliberate: $(SETUP)
	@$(PY) -m tools.mutants.deliberate $(ARGS)
mutants-generated: .cache/mutants/.installed
	@.cache/mutants/bin/python -m tools.mutants.generated $(ARGS)

.PHONY: bench
bench: native node .cache/bench/.installed ## measure beside Segment's engine, and write docs/performance.* (ARGS="--only start", ARGS=--help)
	@$(PY) -m tools.bench $(ARGS)

.PHONY: dashboard
dashboard: $(SETUP) .cache/bench/.installed ## draw the template's dashboard with sample data, and list its alarms in docs/operations.md
	@$(PY) -m tools.cloudwatch $(ARGS)

.PHONY: verify-aws
verify-aws: $(SETUP) ## ask a deployed stack what no machine of one's own can answer (STACK=name)
	@$(PY) -m tools.verify_aws --stack $(or $(STACK),$(error STACK=name is missing))

# The environments in pyproject.toml bound the resolution; as a marker on each line they would be judged
# by the interpreter that runs pip, which for the layer is not the one that it is built for.
UV_COMPILE = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
.PHONY: lock
lock: $(SETUP) ## lock the requirements anew (UPGRADE=1 takes newer versions)
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements/dev.txt requirements/dev.in pyproject.toml
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --constraint requirements/dev.txt --output-file layers/bridge/requirements.txt requirements/bridge.in
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --constraint requirements/dev.txt --output-file requirements/cli.txt pyproject.toml
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --constraint requirements/dev.txt --output-file requirements/fuzz.txt requirements/fuzz.in pyproject.toml
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --constraint layers/bridge/requirements.txt --output-file requirements/mutants.txt requirements/mutants.in
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements/audit.txt requirements/audit.in
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements/deploy.txt requirements/deploy.in
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements/bench.txt requirements/bench.in
	@sed -i "s/ ; python_full_version < '3.14' and sys_platform != 'win32' \\\\$$/ \\\\/" requirements/*.txt layers/bridge/requirements.txt

.PHONY: clean
clean: ## remove everything that make made
	rm -rf $(VENV) dist .aws-sam .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf $(wildcard tests/*/node_modules tools/*/node_modules)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
