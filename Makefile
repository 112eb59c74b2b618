# The two commands of this project, and the parts they are made of. Everything that is needed is installed on the way.
.DEFAULT_GOAL := help
SHELL := /bin/bash
RUN := .venv/bin/
# Three processes on two cores, each with whole files (tests/conftest.py): many tests wait for a server most of the time.
SHARED_OUT := -n 3 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

scan: ## Scan: TARGET=example.go.jp, or without it this machine and the laboratory town
ifdef TARGET
	@.ci/setup
	@$(RUN)tenken scan $(TARGET) --out out || case $$? in 1 | 3) ;; *) exit 2 ;; esac # findings are what a scan is for
else
	@.ci/setup lab
	@$(RUN)python -m tests.lab scan --out out
endif

test: setup-lab lint generated ## Run everything that CI runs
	@status=0; set -x; \
	$(RUN)python -m pytest --lab=require -m "not alone" $(SHARED_OUT) || status=1; \
	$(RUN)python -m pytest --lab=require -m alone || status=1; \
	exit $$status

lint: setup ## Style, types and the rooms' import rules
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)mypy --platform win32 -p agent -p scanner.hosts.winapi
	$(RUN)lint-imports

generated: setup ## Compare the generated documents with what the code says
	$(RUN)python -m docs.generate --check

documents: setup ## Make the generated documents anew
	$(RUN)python -m docs.generate

setup: ## Set up the virtual environment
	@.ci/setup

setup-lab: ## The same, with the Debian packages of the laboratory
	@.ci/setup lab

.PHONY: help scan test lint generated documents setup setup-lab
