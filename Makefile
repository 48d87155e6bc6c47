# Every command makes or refreshes .venv from the requirement files by itself, once for each state of them.
# make PYTHON=/path/to/python3.12 picks the interpreter of a new .venv.

VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.stamp
GREENSHIELD_PORT ?= 4566
export GREENSHIELD_PORT

.DEFAULT_GOAL := help
.PHONY: help demo demo-drill test test-fast up down status clean distclean check format spec package bench cost bench-tep train bench-edge edge-figures fuzz fuzz-api typescript dynamodb-local venv
.DELETE_ON_ERROR:

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMP) ## the whole loop on a fresh local stack, in three minutes (DATA=<file.dat> replays a recorded run)
	@$(RUN) -m demo $(if $(DATA),--data '$(DATA)')

demo-drill: $(STAMP) ## a drill on a fresh local stack, step by step, held against what must not change
	@$(RUN) -m demo.drill

test: $(STAMP) ## all tests, on all cores; then the end-to-end ones on a stack of their own
	@$(RUN) -m pytest -n auto --dist loadfile tests/unit tests/arch tests/contract tests/integration
	@$(RUN) -m pytest tests/e2e tests/edge_faults

test-fast: $(STAMP) ## unit and architecture tests only
	@$(RUN) -m pytest tests/unit tests/arch

up: $(STAMP) ## start the local stack on 127.0.0.1:$GREENSHIELD_PORT (4566) and deploy the package to it
	@$(RUN) -m infra.local_stack up

down: $(STAMP) ## save and stop the local stack
	@$(RUN) -m infra.local_stack down

status: $(STAMP) ## what of the local stack runs, its dead letters, and calls that a role refused
	@$(RUN) -m infra.local_stack status

clean: $(STAMP) ## stop the local stack and remove everything it kept
	@$(RUN) -m infra.local_stack clean

distclean: clean ## clean, and remove .venv and all that was built
	@rm -rf $(VENV) build .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache mobile_api_spec/typescript/node_modules mobile_api_spec/typescript/dist

check: $(STAMP) package ## lint, formats, types, import contracts, spec and its client, templates
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(RUN) -m mobile_api_spec.generate --check
	@$(RUN) -m mobile_api_spec.breaking
	@$(RUN) -m mobile_api_spec.client_build
	@$(VENV)/bin/cfn-lint infra/template.yaml build/package/sam.json

format: $(STAMP) ## put imports and layout right
	@$(VENV)/bin/ruff check --fix-only .
	@$(VENV)/bin/ruff format .

spec: $(STAMP) ## write mobile_api_spec/openapi.yaml from the code
	@$(RUN) -m mobile_api_spec.generate

typescript: $(STAMP) ## generate, compile and check the TypeScript client of mobile_api_spec/typescript
	@$(RUN) -m mobile_api_spec.client_build --required

package: $(STAMP) ## make build/package: the SAM template and the zip that is deployed, within its budget
	@$(RUN) -m infra.package

bench: $(STAMP) package ## measure into build/bench.json, every figure with its floor
	@$(RUN) -m bench

cost: $(STAMP) ## price parks of four sizes from measured units into docs/cost.md (REGION=us-east-1)
	@$(RUN) -m bench.cost --region '$(or $(REGION),us-east-1)'

bench-tep: $(STAMP) ## judge recorded runs of a chemical process (DATA=<folder>, ../shared/data/tep) into build/bench_tep.json
	@$(RUN) -m bench.tep --data '$(or $(DATA),../shared/data/tep)'

bench-edge: $(STAMP) ## measure the edge bridge against 50 devices into build/bench_edge.json
	@$(RUN) -m bench.edge

train: $(STAMP) ## train the watch over a unit: UNIT=<id> FROM=<time> TO=<time>, ARGS='--force' and others
	@./green-shield train '$(UNIT)' --from '$(FROM)' --to '$(TO)' $(ARGS)

fuzz: $(STAMP) ## fuzz both codecs of the bridge for SECONDS each (60)
	@$(RUN) -m pip install --quiet --disable-pip-version-check atheris==3.0.0
	@$(RUN) edge_bridge/fuzz/corpus.py build/fuzz
	@$(RUN) edge_bridge/fuzz/hj212.py -max_total_time=$(or $(SECONDS),60) -max_len=4096 -artifact_prefix=build/fuzz/ build/fuzz/hj212
	@$(RUN) edge_bridge/fuzz/modbus.py -max_total_time=$(or $(SECONDS),60) -artifact_prefix=build/fuzz/ build/fuzz/modbus

fuzz-api: $(STAMP) ## made-up requests against the running local stack, as four kinds of person (make up first)
	@$(RUN) -m mobile_api_spec.fuzz $(ARGS)

edge-figures: $(STAMP) ## show build/bench_edge.json and build/edge_faults.json in edge_bridge/README.md
	@$(RUN) -m bench.edge_figures

dynamodb-local: $(STAMP) ## AWS's DynamoDB Local on 127.0.0.1:8000 until Ctrl-C (needs Java 17 and Maven)
	@$(RUN) -m infra.dynamodb_local

venv: $(STAMP) ## only make or refresh .venv

$(STAMP): requirements.txt requirements-dev.txt edge_bridge/pyproject.toml infra/venv.sh
	@PYTHON='$(PYTHON)' sh infra/venv.sh $(VENV)
	@touch $@
