# `make` lists what there is. Settings come from the environment: DASHBOARD_PORT=8601 make run
PYTHON ?= python3
IN_VENV := .venv/bin/python
EMBEDDED := $(IN_VENV) -m store.embedded
MIGRATE := $(IN_VENV) -m store.migrations upgrade
SESSIONS ?= 240
SECONDS ?= 150
SEED ?= 7
ENGINE ?= suite
export PLAYWRIGHT_BROWSERS_PATH ?= $(CURDIR)/.playwright

.DEFAULT_GOAL := help
.PHONY: help run stop run-api doctor model psql demo demo-remove test check audit faults faults-sabotage faults-baseline bench bench-eta sample screenshots lock clean environment environment-dev

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: environment  ## everything: dashboard, workers, database and queue; Ctrl-C stops it
	@$(IN_VENV) -m tools.run

stop: environment  ## stop what `make run` started elsewhere
	@$(IN_VENV) -m tools.run --stop

run-api: environment  ## the API alone, on API_PORT (8502)
	@$(EMBEDDED) -- sh -c '$(MIGRATE) && exec $(IN_VENV) -m tools.run_api'

doctor: environment  ## check all that this installation needs, and say what mends what is wrong; ARGS="--json"
	@$(IN_VENV) -m jobs.doctor --settings-only $(ARGS)
	@$(EMBEDDED) -- $(IN_VENV) -m jobs.doctor $(ARGS)

model: environment  ## download the model that WHISPER_MODEL names, as in: make model WHISPER_MODEL=small
	@$(IN_VENV) -m tools.download_model

psql: environment  ## open the database in psql
	@$(EMBEDDED) --interactive -- $(IN_VENV) -m tools.psql

demo: environment  ## fill history and speed with a labelled month of plausible sessions
	@$(EMBEDDED) -- sh -c '$(MIGRATE) && exec $(IN_VENV) -m store.demo'

demo-remove: environment  ## remove that month again
	@$(EMBEDDED) -- $(IN_VENV) -m store.demo --remove

test: environment-dev check  ## all tests, on real servers and in a real browser; ARGS="-k upload" chooses
	@$(IN_VENV) -m tools.setup_chromium
	@$(IN_VENV) -m tools.setup_compose
	@$(IN_VENV) -m tools.run_tests $(ARGS)

check: environment-dev  ## lint, format and types
	@$(IN_VENV) -m ruff check .
	@$(IN_VENV) -m ruff format --check .
	@$(IN_VENV) -m mypy

audit: environment-dev  ## known weaknesses of the pinned packages, where the index tells of them
	@$(IN_VENV) tools/audit_packages.py

faults: environment-dev  ## the fault suite: SESSIONS=240 SECONDS=150 SEED=7 ENGINE=suite; ARGS="--healthy"
	@$(IN_VENV) -m tests.faults --sessions $(SESSIONS) --seconds $(SECONDS) --seed $(SEED) --engine $(ENGINE) $(ARGS)

faults-sabotage: environment-dev  ## it has to fail when a protection is missing; ARGS="fence leash" chooses
	@$(IN_VENV) -m tests.faults.sabotaged $(ARGS)

faults-baseline: environment-dev  ## plain RQ under the same faults
	@$(IN_VENV) -m tests.faults.plain_rq --sessions $(SESSIONS) --seconds $(SECONDS) --seed $(SEED)

sample: environment-dev  ## make the sample recording again (needs flite)
	@$(IN_VENV) tools/make_sample.py

screenshots: environment-dev  ## make the README's screenshots again
	@$(IN_VENV) -m tools.setup_chromium
	@$(IN_VENV) tools/screenshots.py

bench: environment-dev  ## ratios to baselines, on servers and data of its own: ONLY=status,cores; also writes var/bench.json
	@var=$$(mktemp -d); trap 'rm -rf "$$var"' EXIT; VAR_DIR=$$var $(EMBEDDED) -- $(IN_VENV) -m bench --docs docs/benchmarks.md $(if $(ONLY),--only "$(ONLY)")

bench-eta: environment-dev  ## how good estimates are: SEED=1 TRACES=folder; also writes var/bench-eta.json
	@$(IN_VENV) -m bench.estimates --seed $(SEED) $(if $(TRACES),--traces $(TRACES)) $(ARGS)

lock: environment-dev  ## renew constraints.txt from what is installed
	@$(IN_VENV) tools/lock_requirements.py

clean:  ## remove caches and the virtual environment, never the data in var/
	@rm -rf .venv .playwright .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov
	@find . -name __pycache__ -type d -not -path './var/*' -exec rm -rf {} +

environment:
	@$(PYTHON) tools/setup_environment.py
	@$(IN_VENV) -m tools.setup_weights

environment-dev:
	@$(PYTHON) tools/setup_environment.py --dev
	@$(IN_VENV) -m tools.setup_weights
