# Two commands set up everything: `make run` and `make test`. Both may be run again at any time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint unit widget test-widget panel test-panel shots browser engines test-engines bench demo-asr lock doctor clean help

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.base: requirements/base.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Sawtak needs Python 3.11 or newer: make PYTHON=python3.11 …"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-virtualenv -r requirements/base.txt
	@# by itself: it asks for torch, which nothing of ours needs; we only take the weights of its voice detector
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-virtualenv --no-deps silero-vad==6.2.3
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-virtualenv -r requirements/dev.txt
	@touch $@

WIDGET := channels/web/widget
NO_NPM := the widget and the panel can't be built without npm: install Node.js 20 or newer, then run 'make widget panel'

$(WIDGET)/node_modules/.done: $(WIDGET)/package-lock.json
	@cd $(WIDGET) && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

$(WIDGET)/dist/.done: $(WIDGET)/node_modules/.done $(WIDGET)/build.mjs $(WIDGET)/tsconfig.json $(wildcard $(WIDGET)/src/*)
	@cd $(WIDGET) && npm run --silent build
	@touch $@

widget: ## Build what websites talk with; everything else works without it
	@if command -v npm >/dev/null; then $(MAKE) -s $(WIDGET)/dist/.done || \
	echo "The website widget is NOT built (see above); everything else works."; else echo "$(NO_NPM); everything else works."; fi

test-widget: widget ## The widget's own tests
	@command -v npm >/dev/null || { echo "$(NO_NPM)"; exit 1; }
	@cd $(WIDGET) && npm test --silent

PANEL := admin/web

$(PANEL)/node_modules/.done: $(PANEL)/package-lock.json
	@cd $(PANEL) && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

$(PANEL)/dist/.done: $(PANEL)/node_modules/.done $(PANEL)/build.mjs $(PANEL)/tsconfig.json $(wildcard $(PANEL)/src/*)
	@cd $(PANEL) && npm run --silent build
	@touch $@

panel: ## Build what browsers need for the panel
	@if command -v npm >/dev/null; then $(MAKE) -s $(PANEL)/dist/.done || \
	echo "The panel is NOT built (see above); everything else works."; else echo "$(NO_NPM); everything else works."; fi

test-panel: panel ## The panel's scripts and sheets by themselves
	@command -v npm >/dev/null || { echo "$(NO_NPM)"; exit 1; }
	@cd $(PANEL) && npm test --silent

shots: $(VENV)/.dev widget panel browser ## Pictures of every page of the panel, for docs/panel
	@$(BIN)/python -m tests.browser.panel.shots

browser: ## Have a Chromium for the tests that need one
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v $$name >/dev/null && exit; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; \
	else echo "There is no Chromium, and the tests that need one will fail: install it, or run 'make browser' as root on Debian."; fi

run: $(VENV)/.base widget panel ## Set up, migrate, seed the demo tenant once and serve on 127.0.0.1:$PORT
	@exec $(BIN)/python cli.py serve --first-run

test: lint unit ## Everything that must pass before a change lands

lint: $(VENV)/.dev ## Format, style, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

unit: $(VENV)/.dev test-widget test-panel browser ## The tests, on SQLite and on a real Postgres
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not alone"
	$(BIN)/python -m pytest -m alone

.venv-engines/.done: requirements/engines.txt
	@test -x .venv-engines/bin/python || $(PYTHON) -m venv .venv-engines
	@.venv-engines/bin/pip install --quiet --disable-pip-version-check --require-virtualenv torch==2.13.0
	@.venv-engines/bin/pip install --quiet --disable-pip-version-check --require-virtualenv -r requirements/engines.txt
	@# by itself: it asks for torchvision, which it does not need for what we load, and which would bring another torch
	@.venv-engines/bin/pip install --quiet --disable-pip-version-check --require-virtualenv --no-deps spandrel==0.4.2
	@touch $@

engines: .venv-engines/.done ## Install what heavy engines need, in an environment of their own that `make run` finds

test-engines: .venv-engines/.done ## The engines with packages of their own, on tiny weights, in an environment of their own
	.venv-engines/bin/python -m pytest tests/real

bench: $(VENV)/.dev ## All benchmarks; figures go to bench/README.md by hand
	@for b in bench/[a-z]*.py; do echo "== $$b"; $(BIN)/python -m bench.$$(basename $$b .py) || exit 1; done

demo-asr: ## Train the demo recogniser anew, in an environment of its own (an hour or two on two cores)
	@test -x .venv-train/bin/python || $(PYTHON) -m venv .venv-train
	@.venv-train/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
	@.venv-train/bin/pip install --quiet --disable-pip-version-check -r requirements/train.txt
	OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive .venv-train/bin/python -m core_pipeline.engines.asr.demo.train

lock: $(VENV)/.base ## Resolve requirements/*.in into *.txt anew
	@$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile -q --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header requirements/base.in -o requirements/base.txt
	$(BIN)/uv pip compile -q --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile -q --python-version 3.11 --no-annotate --no-emit-index-url --no-emit-find-links --no-header requirements/engines.in -o requirements/engines.txt
	@# torch's GPU libraries are left to who installs torch: a CPU build has none of them.
	@sed -i.old -E 's/\+cpu$$//; /^(nvidia-|cuda-|triton)/d' requirements/engines.txt && rm requirements/engines.txt.old

doctor: $(VENV)/.base ## Say what is missing or wrong, and how to fix it
	@$(BIN)/python cli.py doctor

clean: ## Remove caches (never var/: that is your data)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache out
