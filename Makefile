# Two commands do everything on a fresh machine with Python 3.11 or newer:  make run   and   make test
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --require-hashes --python $(BIN)/python
PORT ?= 8000

.PHONY: run test test-planner check bench proof assets docs lock clean

run: .venv/run.stamp  ## set up, build, start the demo
	$(BIN)/python requirements/console.py --optional
	$(BIN)/mobility demo --port $(PORT)

test: .venv/dev.stamp assets  ## set up, run all tests
	$(BIN)/python -m pytest -n 2

test-planner: .venv/dev.stamp  ## OpenTripPlanner and the canonical validator read our feeds; fetches Java and their jars where missing
	$(BIN)/python -m tests.planner.programs || $(UV) -r requirements/planner.txt
	MOBILITY_TEST_PLANNER=1 $(BIN)/python -m pytest tests/planner

check: .venv/dev.stamp  ## format, lint, types, imports, house tests; under a minute
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/house

bench: .venv/dev.stamp assets  ## one JSON line per benchmark
	@for bench in $(basename $(notdir $(wildcard benchmarks/bench_*.py))); do $(BIN)/python -m benchmarks.$$bench || exit 1; done

proof: .venv/dev.stamp  ## the rigs in full size
	$(BIN)/python -m tests.rigs.killloop --rounds 40 --seed 1
	$(BIN)/python -m tests.rigs.gateway_kill --rounds 100 --seed 1
	$(BIN)/python -m tests.rigs.fsyncfail --seed 1
	$(BIN)/python -m tests.rigs.chaos --seed 1
	$(BIN)/python -m tests.rigs.badnet --seed 1
	$(BIN)/python -m tests.rigs.commands --forge 100000 --seed 1
	$(BIN)/python -m tests.rigs.its_tshark --messages 20000 --seed 1
	$(BIN)/python -m tests.rigs.fuzz_codecs --inputs 100000 --seed 1
	$(BIN)/python -m tests.rigs.mqtt_day --seed 1
	$(BIN)/python -m tests.rigs.operating_day --seeds 1,2,3,4,5
	$(BIN)/python -m tests.rigs.promises --days 20 --seed 1
	$(BIN)/python -m tests.rigs.resume --cuts 10000 --socket-cuts 200 --seed 1
	rm -rf var/proof
	for day in week dst-autumn dst-spring; do $(BIN)/mobility sim run ilmenau-$$day --seed 1 --out var/proof/$$day --record-feeds; done
	$(BIN)/python -m tests.rigs.feed_findings var/proof/week var/proof/dst-autumn var/proof/dst-spring
	$(BIN)/python -m tests.rigs.stream_states var/proof/week
	$(BIN)/python -m tests.rigs.fault_days --days 30

assets: .venv/dev.stamp
	$(BIN)/python requirements/console.py

docs: .venv/dev.stamp  ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock: .venv/dev.stamp  ## pin ranges of pyproject.toml anew, without addresses
	$(BIN)/python requirements/lock.py

clean:
	rm -rf .venv site dist mobility/app/static mobility/app/console/node_modules

.venv/run.stamp: requirements/runtime.txt requirements/build.txt requirements/uv.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	$(UV) -r requirements/runtime.txt -r requirements/build.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(BIN)/python -m dispatch.edge.kernel_cache
	touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	$(UV) -r requirements/dev.txt
	touch $@
