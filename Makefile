# Sycee: everything a developer or an operator of the local suite does. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

MEMBERS := $(sort $(dir $(wildcard libs/*/pyproject.toml services/*/pyproject.toml)))
SOURCES := $(addsuffix src,$(filter-out libs/contracts/,$(MEMBERS)))
BIN := .venv/bin
# uv from the PATH, or one of our own where there is none.
UV := $(or $(shell command -v uv 2>/dev/null),.cache/uv/bin/uv)
# The machine's own authorities where it has them: a company's proxy is often known there alone.
export UV_SYSTEM_CERTS := $(if $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem),true,false)
STAMP := .venv/.made-from-lock
IMAGE := .cache/proto/image.binpb

.PHONY: help setup lock proto proto-check lint format type test demo up down bench train check clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## make .venv out of requirements.lock, every member editable; leaves .venv/bin/sycee

.cache/uv/bin/uv:
	python3 -m venv .cache/uv
	.cache/uv/bin/pip install --quiet --disable-pip-version-check uv

$(STAMP): requirements.lock $(addsuffix pyproject.toml,$(MEMBERS)) | $(filter .cache/%,$(UV))
	@test -x $(BIN)/python || $(UV) venv --quiet --python '>=3.11,<3.14' .venv
	@echo "installing the locked packages into .venv (a first time downloads about 400 MB)"
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(addprefix -e ,$(MEMBERS))
	@touch $@

lock: | $(filter .cache/%,$(UV)) ## resolve again and write requirements.lock: hashed, universal, no index addresses
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" $(foreach m,$(MEMBERS),--no-emit-package $(shell sed -n 's/^name = "\(.*\)"/\1/p' $(m)pyproject.toml)) \
	  $(addsuffix pyproject.toml,$(MEMBERS)) pyproject.toml --group dev --output-file requirements.lock

proto: setup ## generate the code of the contracts out of protos/
	$(BIN)/buf format -w protos
	$(BIN)/python libs/contracts/generate.py

proto-check: setup ## fail when generated code is behind, or buf finds fault, or a contract breaks its baseline
	$(BIN)/buf format --exit-code --diff protos > /dev/null || (echo "protos are not formatted: run make proto" >&2; exit 1)
	$(BIN)/python libs/contracts/generate.py --check
	$(BIN)/buf lint $(IMAGE) --config protos/buf.yaml
	$(BIN)/buf breaking $(IMAGE) --against protos/baseline.binpb --config protos/buf.yaml

lint: setup ## ruff and the walls between services
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: setup ## let ruff and buf format everything
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIN)/buf format -w protos

type: setup ## mypy, strict
	$(BIN)/mypy $(SOURCES) tests

test: setup ## every test, fast ones first
	$(BIN)/pytest -q -n 2 --dist loadfile libs services tests/contract
	$(BIN)/pytest -q tests/e2e tests/faults

demo: setup ## decide a real shop and 200 simulated merchants on the local suite
	$(BIN)/sycee demo

up: setup ## start the local suite and stay (Ctrl-C stops it)
	$(BIN)/sycee up

down: setup ## stop the local suite
	$(BIN)/sycee down

bench: setup ## measure: one JSON object a line
	$(BIN)/sycee bench

train: setup ## train the models again: application and bureau on real loans and cards, sentiment on real reviews
	$(BIN)/python -m sycee_scoring.training
	$(BIN)/python -m sycee_ingestion.reading.training

check: proto-check lint type test ## what decides whether a change lands

clean: ## remove what setup and runs left behind
	rm -rf .venv .cache .sycee .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
