# `make help` says what there is.
SHELL := /bin/bash
# A recipe stops at its first failure, within a line and within a pipe too.
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Debian's own Python: the virtual environment and the packages below belong to it.
PYTHON := /usr/bin/python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
SANDBOX := molecule/shared/sandbox
UNIT := $(BIN)/pytest --quiet --numprocesses auto --dist worksteal

# New files too: those that are not committed yet.
SOURCES := git ls-files --cached --others --exclude-standard
PYTHON_SOURCES := $(shell $(SOURCES) '*.py')
SHELL_SOURCES := $(shell $(SOURCES) ':!*.j2' ':!*.py' | xargs grep -lsE '^.!/(bin/sh|bin/bash|usr/bin/env bash)')

# What the containers need beyond Python: podman, its network, and mmdebstrap for the images.
BASE_PACKAGES := git python3-venv shellcheck
CONTAINER_PACKAGES := gpg podman runc netavark aardvark-dns iptables nftables mmdebstrap
# What makes the image of a card, and boots it.
IMAGE_PACKAGES := curl dosfstools e2fsprogs fdisk fuse2fs mmdebstrap mtools qemu-system-arm \
    qemu-user-static qemu-utils uidmap xz-utils
# Unit tests do that with small ones, look at a card's FAT by a kernel that knows it, close backups,
# load the firewall, and read a phone's QR code.
UNIT_PACKAGES := $(IMAGE_PACKAGES) gpg kmod nftables qrencode user-mode-linux zbar-tools
# A phone that takes its account from the exchange, and a reader of its QR code.
TEST_PACKAGES := linphone-cli zbar-tools

.PHONY: help setup setup-containers setup-image setup-stretch lint unit quick test-quick test test-long test-fresh scenario \
    try check packages image flash bench bench-guard bench-lists bench-image prompts clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/stamp ## what lint and unit tests need: Debian packages, and .venv

setup-containers: setup ## that, and what the containers need
	@tests/install-packages $(CONTAINER_PACKAGES)

setup-image: setup ## that, and what the image of a card needs
	@tests/install-packages $(IMAGE_PACKAGES)
	@image/subids

setup-stretch: .venv-stretch/stamp ## the Ansible that reaches Raspbian Stretch, in .venv-stretch

.venv/stamp: requirements.lock
.venv-stretch/stamp: requirements-stretch.lock
%/stamp:
	@tests/install-packages $(BASE_PACKAGES)
	@[ ! -L $(@D) ] || { echo "setup: $(@D) is a link: it would be emptied where it leads to" >&2; exit 1; }
	@echo "setup: making $(@D) from $^ (a minute)"
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $^
	@touch $@

lint: setup ## ansible-lint, yamllint, ruff, mypy, shellcheck
	@echo '+ yamllint --strict'
	@$(BIN)/yamllint --strict .
	@echo '+ ruff check'
	@$(BIN)/ruff check .
	@echo '+ ruff format --check'
	@$(BIN)/ruff format --check .
	@echo '+ mypy'
	@$(BIN)/mypy $(PYTHON_SOURCES)
	@echo '+ shellcheck'
	@shellcheck $(SHELL_SOURCES)
	@echo '+ ansible-lint --offline'
	@$(BIN)/ansible-lint --offline

unit: setup ## unit tests
	@tests/install-packages $(UNIT_PACKAGES)
	@image/subids
	$(UNIT)

test-quick: setup ## linters, and the unit tests that are quick: both at once
	@tests/install-packages $(UNIT_PACKAGES)
	@image/subids
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint quick

quick:
	@$(UNIT) -m 'not slow'

test: setup-containers setup-image ## everything: containers, real calls, the card in QEMU (as root)
	@tests/install-packages $(TEST_PACKAGES)
	@tests/all

test-long: setup-containers setup-image ## a bare Debian 13, more cards and power cuts, benchmarks' short forms (hours)
	@PYTHONPATH=tests $(BIN)/python -m fresh trixie --try
	@$(BIN)/python -m image packages --architecture="$$(dpkg --print-architecture)"
	@$(BIN)/python -m image packages --architecture="$$(dpkg --print-architecture)" --again
	@for exchange in trixie-pjsip bullseye-pjsip; do for scenario in default household calls; do \
	    $(MAKE) --no-print-directory scenario NAME=$$scenario EXCHANGE=$$exchange; done; done
	@GARDELIGNE_TESTS=long $(MAKE) --no-print-directory scenario NAME=image
	@GARDELIGNE_TESTS=long $(MAKE) --no-print-directory scenario NAME=household TEST=test_settled EXCHANGE=forky-pjsip
	@for scenario in self official raspios anybody; do \
	    $(MAKE) --no-print-directory scenario NAME=$$scenario; done
	@for scenario in image anybody; do \
	    GARDELIGNE_BASE=debian-trixie $(MAKE) --no-print-directory scenario NAME=$$scenario; done
	@for bench in bench bench-guard bench-lists bench-image; do \
	    $(MAKE) --no-print-directory $$bench OPTIONS=--short; done

test-fresh: setup ## what README and docs have you type, on bare Debian 12 and 13 (as root; OPTIONS=--help)
	@tests/install-packages mmdebstrap
	@PYTHONPATH=tests $(BIN)/python -m fresh $(OPTIONS)

scenario: setup-containers setup-image ## one scenario: NAME=calls TEST=test_keypad EXCHANGE=forky-pjsip KEEP=1 (as root)
	@tests/install-packages $(TEST_PACKAGES)
	@molecule/shared/scenario "$(NAME)" "$(TEST)" "$(EXCHANGE)" "$(KEEP)"

try: setup-containers ## build the exchange in a container, and let a robot and a person call it
	@$(SANDBOX) env PYTHONPATH=molecule/laboratory $(BIN)/python -m lab

check: setup ## look for mistakes in inventory/home, without a Pi (OPTIONS=--ask-vault-pass)
	@$(BIN)/ansible-playbook check.yml $(OPTIONS)
	@echo 'check: no mistake; what only the Pi itself can say is looked at by playbook.yml'

packages: setup-image ## Asterisk for a release whose archive has none, as Debian 13 (OPTIONS=--help)
	@$(BIN)/python -m image packages $(OPTIONS)

image: setup-image ## the image of your Pi's SD card (OPTIONS=--help)
	@$(BIN)/python -m image build $(OPTIONS)

flash: setup ## write the image to an SD card, and read it back (as root; OPTIONS=--help)
	@$(BIN)/python -m image flash $(OPTIONS)

bench: setup-containers ## what the appliance costs, as ratios (OPTIONS=--help)
	@$(SANDBOX) env PYTHONPATH=molecule/laboratory:tests $(BIN)/python -m bench.appliance $(OPTIONS)

bench-guard: setup-containers ## what robots make of the decoys: real calls (OPTIONS=--help)
	@$(SANDBOX) env PYTHONPATH=molecule/laboratory:tests $(BIN)/python -m bench.guard $(OPTIONS)

bench-lists: setup-containers ## what long lists of callers cost (OPTIONS=--help)
	@$(SANDBOX) env PYTHONPATH=molecule/laboratory:tests $(BIN)/python -m bench.lists $(OPTIONS)

# What an image is measured against, and by what.
BENCH_PACKAGES := genimage openssh-client

bench-image: setup-image ## what the image of a card costs (OPTIONS=--help)
	@tests/install-packages $(BENCH_PACKAGES)
	@PYTHONPATH=tests $(BIN)/python -m bench.image $(OPTIONS)

prompts: setup ## speak the French prompts again, when a text has changed
	@tests/install-packages sox libttspico-utils || { \
	    echo "prompts: apt finds libttspico-utils in Debian's section non-free" >&2; exit 1; }
	@$(BIN)/python roles/dialplan/files/prompts.py

clean: ## remove the scenarios' containers and images, .venv, .venv-stretch and .cache
	-@for scenario in molecule/*/molecule.yml; do \
	    GARDELIGNE_EXCHANGE=each $(SANDBOX) $(BIN)/molecule destroy -s "$$(basename "$$(dirname "$$scenario")")" || true; done
	-@$(SANDBOX) podman images --quiet --filter reference='localhost/gardeligne/*' \
	    | sort -u | xargs --no-run-if-empty $(SANDBOX) podman rmi --force
	rm -rf .venv .venv-stretch .cache
