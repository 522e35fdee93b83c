# Every command a person needs. `make run` and `make test` are the only two a newcomer must know.
PYTHON ?= python3
VENV := .venv/bin
COMPOSE ?= docker compose

.DEFAULT_GOAL := help
.PHONY: help run test faults draws chain his-kit install install-dev fmt format lint types imports test-unit test-all policies policy schemas \
  openapi programme migrate kafka bench up down drill audit licences new-service lock

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use it
run: install ## Everything on this machine (PORT=8000, DATA_DIR=.data, DATABASE_URL, BROKER=kafka KAFKA_BOOTSTRAP=host:port)
	@exec $(VENV)/python -m local.run

chain: install ## One discharge through all hops of the running suite, printed hop by hop
	@exec $(VENV)/python -m local.chain --start

his-kit: install ## Talk to the running suite as a hospital's system does, faults included (ONLY=, INSTITUTION=; more: local/his_kit.py --help)
	@$(VENV)/python -m local.his_kit $(if $(ONLY),--only '$(ONLY)') $(if $(INSTITUTION),--institution $(INSTITUTION))

kafka: install ## A real Apache Kafka on this machine (needs Java 17 and Maven)
	@exec $(VENV)/python -m local.kafka

##@ Check it
test: install-dev format lint types imports schemas policies audit test-all ## All checks and all tests
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

faults: install-dev ## A thousand faults under load, then the checker (FAULTS=, SEED=, BROKER=embedded|kafka|both, MINUTES= at most)
	@$(VENV)/python -m tests.faults.run --faults $(or $(FAULTS),1000) --broker $(or $(BROKER),both) --minutes $(or $(MINUTES),120) $(if $(SEED),--seed $(SEED))
	@$(if $(FAULTS),:,$(MAKE) draws)

draws: install-dev ## Ten thousand drawn races and histories, odd calls for every route (DRAWS=, FUZZ=); part of the full `make faults`
	@RACES=$(or $(DRAWS),10000) STATES=$(or $(DRAWS),10000) FUZZ=$(or $(FUZZ),100) $(VENV)/pytest -q tests/races tests/state tests/fuzz

policies: install-dev ## Every county's policy file against its worked examples
	@echo "== policies"; $(VENV)/python -m services.settlement.adapters.policy_check

policy: install-dev ## Policy files: make policy do="new 350723 光泽县" | "explain 211381" | "diff 211381 2016-06-30 2016-07-01" | "try 211381 --total 52000 --in-scope 50000"
	@$(VENV)/python -m services.settlement.adapters.policy_tool $(do)

programme: install-dev ## Each row of the programme with the tests that show it, and what is missing
	@$(VENV)/python -m local.programme

audit: install-dev ## Known holes of what we take (REQUIRE_AUDIT=1: an answer is needed), unsafe code, licences
	@echo "== audit"; $(VENV)/python -m deploy.audit
	@$(VENV)/bandit -q -r -ll -ii common gateway services local deploy
	@$(VENV)/python -m deploy.licences --check

test-unit: install-dev ## Unit tests only: no database, seconds
	@$(VENV)/pytest -q tests/unit

test-all: install-dev
	@echo "== tests"; $(VENV)/pytest -q -rfEs --durations=15 -n 2 -m "not faults" --cov --cov-report=
	@echo "== faults"; $(VENV)/pytest -q -rfEs -m faults
	@echo "== coverage of the rules and stories (every branch)"
	@$(VENV)/coverage report --skip-covered --include='*/domain/*,*/usecases/*' --fail-under=100

bench: install-dev ## Speed against the raw parts, both sides in one run (ROWS=a,e chooses, SIZE=0.1 shrinks): bench/results/
	@$(VENV)/python -m bench --rows "$(ROWS)" --size "$(or $(SIZE),1)"

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
	  --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --output-file=$$set.txt $$set.in; done

licences: install-dev ## Write docs/licences.md anew
	@$(VENV)/python -m deploy.licences

##@ Containers
up: ## Build and start everything in containers (Docker with Compose v2)
	@COMPOSE="$(COMPOSE)" PYTHON="$(PYTHON)" deploy/up.sh

down: ## Stop the containers; the data stay (docker compose down -v removes them)
	@$(COMPOSE) down

drill: install ## Kill containers while discharges flow, then count the books (after make up; docs/operations.md)
	@$(VENV)/python -m deploy.drill --compose "$(COMPOSE)"

##@ Set-up (the commands above do it by themselves)
install: ## The environment for running
	@$(call need_python) && $(PYTHON) local/install.py local

install-dev: ## The environment for checking
	@$(call need_python) && $(PYTHON) local/install.py dev

define need_python
command -v $(PYTHON) >/dev/null || { echo "install: $(PYTHON) is missing; Python 3.11 or newer is needed. Debian, Ubuntu: apt-get install python3 python3-venv"; exit 1; }
endef
