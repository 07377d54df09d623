# Muster's one Makefile: `make` lists its targets. Everything that a target needs it installs itself (Debian, root).

SHELL := /bin/bash
.DEFAULT_GOAL := help
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300
# What the build links; what the lab and the live tests run; what the page's test opens it with.
BUILD_PACKAGES := binutils libsqlite3-dev libssh2-1-dev libssl-dev pkg-config zlib1g-dev
LAB_PACKAGES := apt-utils busybox-static debootstrap iproute2 libfaketime nftables openssh-client openssh-server procps sudo
TEST_PACKAGES := chromium fonts-liberation
# What the bench's own side needs; peers come from peer-bench's setup.sh, into a folder of their own.
BENCH_PACKAGES := gcc libc6-dev openssh-sftp-server openssl python3 python3-venv time util-linux
PURE := FleetModelTests FleetPlannerTests FleetReconcilerTests DockerEngineTests RegionManifestTests SimulationTests TidyTests
comma := ,
empty :=
space := $(empty) $(empty)

# Simulations in a minute want optimised planners in debug builds, too; MUSTER_OPTIMIZE=0 for a debugger (ADR 0022).
export MUSTER_OPTIMIZE ?= 1
export MUSTER_LAB ?= /var/tmp/muster-lab
export MUSTER_BENCH_DATA ?= $(abspath ../shared)
DEBUG := .build/debug/muster
# The release build lies apart, so that neither build throws the other's work away.
RELEASE := .build-release/release/muster
# `make bench BENCH_BUILD=debug` shows that the tables work; its figures mean nothing.
BENCH_BUILD ?= release
BENCH_ROUNDS ?= 5
BENCH := python3 -B loadtest/bench --rounds $(BENCH_ROUNDS) --muster $(if $(filter debug,$(BENCH_BUILD)),$(DEBUG),$(RELEASE))

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

deps: ## install what building, testing and the lab need
	@missing=$$(for p in $(BUILD_PACKAGES) $(LAB_PACKAGES) $(TEST_PACKAGES); do \
	  dpkg -s $$p 2>/dev/null | grep -q '^Status: install ok' || echo $$p; done); \
	if [ -n "$$missing" ]; then echo "installing" $$missing; \
	  $(APT) update && $(APT) install -y --no-install-recommends $$missing >/dev/null; fi

build: deps ## debug build of everything
	swift build

test: deps ## all tests, live ones included where they can run
	swift build --build-tests
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; set -o pipefail; \
	swift test --skip-build --no-parallel 2>&1 | tee "$$log" || { status=$$?; \
	  echo; echo "what failed, out of all that is above:"; grep -A 4 '✘' "$$log" | grep -E '^(✘|↳| )' | tail -n 60; exit $$status; }

test-pure: ## the tests that need neither sshd nor lab nor browser, and no BoringSSL
	MUSTER_ONLY=$(subst $(space),$(comma),$(PURE)) swift test --scratch-path .build-pure

simulate: ## play one simulated life again and print its history: make simulate SEED=123
	swift build --build-tests
	MUSTER_SEED=$(SEED) swift test --skip-build --filter SimulationTests.SeedTests/one

lint: ## check the format, as CI does
	swift format lint --strict --recursive --parallel Package.swift Sources Tests bootstrap inventory loadtest

check: lint test ## what CI runs

fmt: ## format all Swift files
	swift format --in-place --recursive --parallel Package.swift Sources Tests bootstrap inventory loadtest

record: ## write the goldens anew; read the difference before you commit it
	RECORD=1 MUSTER_ONLY=$(subst $(space),$(comma),$(PURE)) swift test --scratch-path .build-pure

release: deps ## release build of the command line
	swift build -c release --product muster --static-swift-stdlib --scratch-path .build-release

image: release ## the control plane's image, from the release build
	$(RELEASE) image --into .

demo: release ## five bare hosts on this machine become a Swarm that runs its own control plane
	bootstrap/demo.sh $(RELEASE)

lab-up: build ## five bare hosts on this machine
	$(DEBUG) lab up 5

lab-down: build ## and away with them
	$(DEBUG) lab down

bench: bench-deps ## ratios to the peers (alone: bench-ssh, -up, -plan, -upload, -noop, -sizes); docs/benchmarks.md
	$(BENCH)

bench-ssh bench-noop bench-upload bench-up bench-plan bench-sizes: bench-deps
	$(BENCH) $(@:bench-%=%)

bench-deps: $(if $(filter debug,$(BENCH_BUILD)),build,release)
	@missing=$$(for p in $(BENCH_PACKAGES); do dpkg -s $$p 2>/dev/null | grep -q '^Status: install ok' || echo $$p; done); \
	if [ -n "$$missing" ]; then echo "installing" $$missing; \
	  $(APT) update && $(APT) install -y --no-install-recommends $$missing >/dev/null; fi
	$(if $(filter debug,$(BENCH_BUILD)),,$(if $(wildcard Sources/SSHBench),swift build -c release --product ssh-bench \
	  --static-swift-stdlib --scratch-path .build-release))

clean: ## remove what was built
	rm -rf .build .build-pure .build-release

.PHONY: help deps build test test-pure simulate lint check fmt record release image demo lab-up lab-down bench bench-deps bench-ssh bench-noop bench-upload bench-up bench-plan \
  bench-sizes clean
