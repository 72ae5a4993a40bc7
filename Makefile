# The targets to remember are `run` and `test`; `make help` lists the others.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# What tests need of Debian: real machines (nspawn), OpenSSH, certificates, a clock to move (gcc).
PACKAGES := python3-venv openssh-client openssh-server openssl iproute2 systemd-container mmdebstrap procps gcc
# Programs that tests give our output to: prove, promtool, node exporter, Icinga 2, a browser.
PACKAGES += perl prometheus prometheus-alertmanager prometheus-node-exporter icinga2-bin chromium fonts-dejavu-core poppler-utils mandoc
# Plugins that checks are compared with.
PACKAGES += monitoring-plugins-basic
# The other database that keeps a history.
PACKAGES += postgresql
# Shells of machines that are asked, beside Debian's own.
PACKAGES += busybox mksh
# What is measured beside us, and what measuring needs.
BENCH_PACKAGES := libssh-dev valgrind pssh clustershell prometheus-pushgateway nagios-nrpe-server nagios-nrpe-plugin

.PHONY: all
all: format schema lint types unit  ## Format, lint, check types, and run the unit tests: before each commit

.PHONY: help
help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

.PHONY: run
run: .venv/ready  ## Show this machine's real health
	@$(BIN)/reconcile-health --reach local || echo "(exit code $$?: see reconcile-health --help)"

.PHONY: test
test: packages .venv/ready lint types  ## Run every test; as root also those on real machines
	$(BIN)/pytest -n 3 --dist loadfile

.PHONY: quick
quick: .venv/ready  ## Run the unit tests that are not slow: a minute at most
	$(BIN)/pytest -q -n 3 --dist loadfile -m 'not slow and not pythons' tests/unit

.PHONY: unit
unit: .venv/ready  ## Run the tests that need neither root nor other machines
	$(BIN)/pytest -q -m 'not pythons' tests/unit

.PHONY: pythons
pythons: .venv/ready  ## Run what is tested on every Python of pyenv from 3.8 on
	$(BIN)/pytest -q -m 'pythons and not hosts'

.PHONY: coverage
coverage: .venv/ready  ## Tell which branches of kernel, judge and causes their own tests leave out
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q tests/unit/charm/kernel tests/unit/reconciler/{judge,causes}
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: format
format: .venv/ready  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix --quiet . || true

.PHONY: lint
lint: .venv/ready  ## Check format and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

.PHONY: types
types: .venv/ready  ## Check types
	$(BIN)/mypy

.PHONY: charm
charm: .venv/ready  ## Build build/juju-health.charm, and have charm-proof and charmcraft judge it
	$(BIN)/python .ci/build_charm.py
	.ci/validate_charm build/juju-health.charm

.PHONY: golden
golden: .venv/ready  ## Rewrite the golden files; read the diff before you commit it
	REWRITE_GOLDEN=1 $(BIN)/pytest -q tests/unit/reconciler/{render,sweeps,saved,doctor,causes,notify,history}

.PHONY: performance
performance: bench-packages .venv/ready  ## Measure everything on an idle machine (an hour, root), and write docs/performance.md
	$(BIN)/python -m bench.performance

.PHONY: man
man: .venv/ready  ## Write the manual page to build/, from the commands' help, and show it
	@mkdir -p build
	$(BIN)/python -m reconciler.cli.man_page > build/reconcile-health.1
	man build/reconcile-health.1

.PHONY: schema
schema: .venv/ready  ## Write the JSON Schemas of saved sweeps anew, from what reads and writes them
	$(BIN)/python -m reconciler.render.programs.json_schema

.PHONY: hosts
hosts: packages .venv/ready  ## Start three real machines to play with, until Ctrl-C (root)
	$(BIN)/python -m tests.hosts up --count 3

.PHONY: bench-packages
bench-packages:
	@.ci/packages $(PACKAGES) $(BENCH_PACKAGES)

.PHONY: packages
packages:
	@.ci/packages $(PACKAGES)

.venv/ready: setup.cfg pyproject.toml .ci/venv
	@.ci/venv $(PYTHON)
	@touch $@

.PHONY: clean
clean:  ## Remove what the other targets made here
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
