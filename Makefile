# `make` lists what there is. The work itself is in scripts/, where it can be read and run alone.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

PYTHON_IN_VENV := .venv/bin/python
MANAGE := $(PYTHON_IN_VENV) manage.py
COMPOSE ?= scripts/compose
DEV_COMPOSE := $(COMPOSE) --project-name finances-dev --file docker-compose.yml --file docker-compose.dev.yml

# Recipes read these from their environment, so that quotes and spaces in them stay what they are.
export ARGS MSG APP TO FILE YES HOST PORT SEED_DEMO

.PHONY: help run run-offline setup test test-services test-hostile test-faults test-cov bench check sbom format lint type-check lock \
	migrate migrate-create migrate-history migrate-downgrade shell health \
	start stop restart restart-app rebuild status logs logs-app logs-db logs-redis db-shell redis-shell \
	db-backup db-restore db-reset dev dev-reset clean bootstrap env ready

##@ On this machine: nothing but a Python is needed

run: ## Serve on http://localhost:8000 (HOST=, PORT=, SEED_DEMO=1), setting up all that is missing
	@scripts/run

run-offline: ## Serve with no internet, on made-up prices and rates, beside all that is real (HOST=, PORT=)
	@scripts/run_offline

setup: ready ## Set up .venv, .env, the database and the hooks of git, without serving
	@if [ -e .git ]; then .venv/bin/pre-commit install; fi

test: bootstrap ## Run the tests on SQLite (ARGS="-k name -x")
	@scripts/test $(ARGS)

test-services: bootstrap ## Run the same tests on PostgreSQL and Redis (DATABASE_URL=, REDIS_URL=)
	@$(PYTHON_IN_VENV) scripts/services.py $(ARGS)

test-hostile: bootstrap ## Send everything in bad faith, of which `make test` sends a share (HOSTILE=all, HOSTILE_EXAMPLES=50)
	@scripts/test -m "not faults" -n auto --maxprocesses 4 tests/hostile $(ARGS)

test-faults: bootstrap ## Kill, stop and pause servers of the tests' own under load (FAULTS=all, ARGS="-k redis")
	@scripts/test -n 2 -m "faults$(if $(filter all,$(FAULTS)),, and not rare)" tests/faults $(ARGS)

test-cov: bootstrap ## Run the tests and show which lines they miss; htmlcov/ has the details
	@scripts/test -n auto --maxprocesses 4 --cov --cov-report=term-missing:skip-covered --cov-report=html $(ARGS)

check: bootstrap ## Run every check that is not a test
	@scripts/check

sbom: bootstrap ## Write sbom.json, what is shipped by name, version and hash, as CycloneDX
	@PYTHONWARNINGS=ignore .venv/bin/cyclonedx-py requirements requirements/base.txt --pyproject pyproject.toml \
		--output-reproducible --output-file sbom.json $(ARGS)

format: bootstrap ## Format the code and mend what can be mended
	@.venv/bin/ruff check --fix-only
	@.venv/bin/ruff format

bench: bootstrap ## Measure the API's speed on PostgreSQL and Redis (ARGS="--scale 0.05 --seconds 0.5"; BENCH_DATABASE_URL=)
	@$(PYTHON_IN_VENV) -m benchmarks.endpoints $(if $(ARGS),$(ARGS),--results benchmarks/RESULTS.md)

lint: bootstrap ## Lint the code
	@.venv/bin/ruff check

type-check: bootstrap ## Check the types
	@.venv/bin/mypy config finances users currencies institutions securities accounts portfolio operations tests scripts

lock: bootstrap ## Lock requirements/*.in with hashes (ARGS="--upgrade", ARGS="--upgrade-package django")
	@for name in base dev; do \
		.venv/bin/uv pip compile --quiet --universal --python-version 3.12 --generate-hashes \
			--custom-compile-command 'make lock' $(ARGS) "requirements/$$name.in" -o "requirements/$$name.txt" || exit; \
	done

migrate: bootstrap env ## Apply the migrations
	@$(MANAGE) migrate

migrate-create: bootstrap env ## Write a migration for what changed in the models (MSG="what changed", APP=)
	@if [ -z "$$MSG" ]; then echo 'Say what changes: make migrate-create MSG="add notes to accounts"' >&2; exit 2; fi
	@$(MANAGE) makemigrations --name "$$(printf %s "$$MSG" | tr -c '[:alnum:]' _)" $$APP

migrate-history: bootstrap env ## List the migrations, and when each was applied
	@$(MANAGE) showmigrations --verbosity 2 $$APP

migrate-downgrade: bootstrap env ## Take migrations back (APP=accounts TO=0003, TO=zero for all of them)
	@if [ -z "$$APP" ] || [ -z "$$TO" ]; then \
		echo 'Say which app, and the migration to go back to: make migrate-downgrade APP=accounts TO=0003' >&2; \
		echo '`make migrate-history` lists them; TO=zero takes back all of them.' >&2; exit 2; \
	fi
	@$(MANAGE) migrate --plan "$$APP" "$$TO"
	@scripts/confirm 'Columns and tables that these migrations added will be lost, with what is in them.'
	@$(MANAGE) migrate "$$APP" "$$TO"

shell: bootstrap env ## Open a Python shell with the models at hand
	@$(MANAGE) shell

health: ## Ask the running server how it is (HEALTH_URL=, PORT=)
	@python=$(PYTHON_IN_VENV); [ -x "$$python" ] || python=python3; "$$python" scripts/health.py

##@ With Docker: PostgreSQL, Redis and gunicorn

start: env ## Build if need be, migrate, and serve on http://localhost:8000
	@$(COMPOSE) up --detach --wait
	@echo "Finances is at http://localhost:$${PORT:-$$(sed -n 's/^PORT=//p' .env | grep . || echo 8000)}; docs/operations.md tells how to make the first administrator."

stop: ## Stop and remove the containers; the data stays
	@$(COMPOSE) down

restart: stop start ## Stop, then start

restart-app: env ## Restart the application alone: web server, workers, scheduler
	@$(COMPOSE) restart app worker scheduler

rebuild: env ## Build the image afresh, then start
	@$(COMPOSE) build --pull
	@$(MAKE) start

status: env ## Show the containers and how they are
	@$(COMPOSE) ps --all

logs: env ## Follow all logs
	@$(COMPOSE) logs --follow --tail 200

logs-app: env ## Follow the application's log
	@$(COMPOSE) logs --follow --tail 200 migrate app worker scheduler

logs-db: env ## Follow PostgreSQL's log
	@$(COMPOSE) logs --follow --tail 200 db

logs-redis: env ## Follow Redis' log
	@$(COMPOSE) logs --follow --tail 200 redis

db-shell: env ## Open psql
	@$(COMPOSE) exec db psql --username finances finances

redis-shell: env ## Open redis-cli
	@$(COMPOSE) exec redis redis-cli

db-backup: env ## Write the database to backups/
	@COMPOSE='$(COMPOSE)' scripts/database backup

db-restore: env ## Replace the database by a backup (FILE=backups/…)
	@COMPOSE='$(COMPOSE)' scripts/database restore "$$FILE"

db-reset: env ## Empty the database (asks first; YES=1)
	@COMPOSE='$(COMPOSE)' scripts/database reset

dev: env ## Serve the source of this folder with reloading, beside its own PostgreSQL and Redis
	@$(DEV_COMPOSE) up --build

dev-reset: env ## Throw away the database of `make dev` (asks first; YES=1)
	@scripts/confirm 'The database of `make dev` will be lost.'
	@$(DEV_COMPOSE) down --volumes

##@ This and that

clean: ## Remove caches and reports; .venv, .env, var/ and backups/ stay
	@rm -rf .coverage htmlcov staticfiles .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . \( -path ./.venv -o -path ./var -o -path ./.git \) -prune -o -type d -name __pycache__ -exec rm -rf {} +

help: ## List the commands
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

# ---- What others need first -----------------------------------------------------------------------------------------
bootstrap:
	@scripts/bootstrap

env:
	@scripts/write_env

ready: bootstrap env
	@$(PYTHON_IN_VENV) scripts/prepare.py
