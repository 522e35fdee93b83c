# Every command a person needs. `make run` and `make test` are the only two a newcomer must know.
PYTHON ?= python3
VENV := .venv/bin
COMPOSE ?= docker compose

.DEFAULT_GOAL := help
.PHONY: help run test chain install install-dev fmt format lint types imports test-unit test-all policies schemas \
  openapi migrate kafka up down new-service lock

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use it
run: install ## Everything on this machine (PORT=8000, DATA_DIR=.data, DATABASE_URL, BROKER=kafka KAFKA_BOOTSTRAP=host:port)
	@exec $(VENV)/python -m local.run

chain: install ## One discharge through all hops of the running suite, printed hop by hop
	@exec $(VENV)/python -m local.chain --start

kafka: install ## A real Apache Kafka on this machine (needs Java 17 and Maven)
	@exec $(VENV)/python -m local.kafka

##@ Check it
test: install-dev format lint types imports schemas policies test-all ## All checks and all tests
	@echo "make test: everything passed"

format: install-dev
	@echo "== format"; $(VENV)/ruff format --check .

lint: install-dev ## Style and errors (ruff, all rules)
	@echo "== lint"; $(VENV)/ruff check .

types: install-dev ## Types (mypy, strict)
	@echo "== types"; $(VENV)/mypy .

imports: install-dev ## Import contracts: who may know whom
	@echo "== imports"; $(VENV)/lint-imports

schemas: install-dev ## Published events still as released (docs/schemas), the surface as its document says
	@echo "== schemas"; $(VENV)/python -m local.schemas --check && $(VENV)/python -m local.openapi --check

policies: install-dev ## Every county's policy file against its worked examples
	@echo "== policies"; $(VENV)/python -m services.settlement.adapters.policy_check

test-unit: install-dev ## Unit tests only: no database, seconds
	@$(VENV)/pytest -q tests/unit

test-all: install-dev
	@echo "== tests"; $(VENV)/pytest -q -rs --durations=10 --cov --cov-report=
	@echo "== coverage of the rules and stories (every branch)"
	@$(VENV)/coverage report --skip-covered --include='*/domain/*,*/usecases/*' --fail-under=100

##@ Change it
fmt: install-dev ## Format the code and fix what can be fixed
	@$(VENV)/ruff check --fix --exit-zero -q . && $(VENV)/ruff format .

openapi: install-dev ## Write gateway/openapi.json anew from all services
	@$(VENV)/python -m local.openapi

migrate: install ## Migrate every database named by <NAME>_DATABASE_URL (make run does it by itself)
	@$(VENV)/python -m common.kit.migrations upgrade all

new-service: install-dev ## A new service from the skeleton: make new-service name=pharmacy
	@$(VENV)/python -m local.new_service "$(name)"

lock: install-dev ## Write requirements/*.txt anew from requirements/*.in
	@cd requirements && for set in runtime local dev; do ../$(VENV)/pip-compile -q --upgrade --allow-unsafe --strip-extras \
	  --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-header --output-file=$$set.txt $$set.in; done

##@ Containers
up: ## Build and start everything in containers (Docker with Compose v2)
	@COMPOSE="$(COMPOSE)" PYTHON="$(PYTHON)" deploy/up.sh

down: ## Stop the containers; the data stay (docker compose down -v removes them)
	@$(COMPOSE) down

##@ Set-up (the commands above do it by themselves)
install: ## The environment for running
	@$(call need_python) && $(PYTHON) local/install.py local

install-dev: ## The environment for checking
	@$(call need_python) && $(PYTHON) local/install.py dev

define need_python
command -v $(PYTHON) >/dev/null || { echo "install: $(PYTHON) is missing; Python 3.11 or newer is needed. Debian, Ubuntu: apt-get install python3 python3-venv"; exit 1; }
endef
