# Docket's make targets. `make help` lists them.

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Pure Go everywhere: no C compiler is needed. (make test CGO_ENABLED=1 GOFLAGS=-race needs one.)
export CGO_ENABLED ?= 0

STAMP := $(shell git describe --tags --always --dirty 2>/dev/null || echo unstamped)
MODULES := . deploy/local deploy/s3 deploy/tools
# What needs neither PostgreSQL nor a Temporal server.
QUICK := $(patsubst %,./%/...,$(wildcard core config workflows))
# vet takes the packages that build compiled from the cache only under the same flags.
TEMPORAL_FLAGS := -trimpath
TEMPORAL_SOURCES := $(filter-out %_test.go,$(wildcard deploy/local/*.go)) deploy/local/go.mod deploy/local/go.sum

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Running

.PHONY: packages
packages: ## install the system packages that are missing (PostgreSQL; apt on Debian, elsewhere it names them)
	@deploy/packages.sh

.PHONY: temporal
temporal: bin/docket-temporal ## build the Temporal server for this machine, when its sources changed
	@:

bin/docket-temporal: $(TEMPORAL_SOURCES)
	@echo "building the Temporal server: about five minutes the first time on two cores"
	@mkdir -p bin
	@begin=$$SECONDS; cd deploy/local; \
	go build $(TEMPORAL_FLAGS) -ldflags '-s -w -X main.version=$(STAMP)' -o ../../bin/docket-temporal.new .; \
	mv ../../bin/docket-temporal.new ../../bin/docket-temporal; \
	echo "built the Temporal server in $$((SECONDS - begin)) s"

.PHONY: s3
s3: bin/docket-s3 ## build the S3 server for this machine, when its sources changed
	@:

bin/docket-s3: deploy/s3/main.go deploy/s3/go.mod deploy/s3/go.sum
	@echo "building the S3 server: about a minute the first time on two cores"
	@mkdir -p bin
	@cd deploy/s3 && go build -trimpath -ldflags '-s -w' -o ../../bin/docket-s3.new . && mv ../../bin/docket-s3.new ../../bin/docket-s3

.PHONY: build
build: ## build bin/docket
	@mkdir -p bin
	@go build -trimpath -ldflags '-X main.version=$(STAMP)' -o bin/docket ./cmd/docket

# The server's build takes longest: it begins first, and everything else beside it.
.PHONY: ready
ready: packages
	@$(MAKE) -j2 temporal s3 build

.PHONY: demo
demo: ready ## bring the stack up and play an incident, a deletion request and a notice of change through; ONCE=1 stops after playing
	@exec bin/docket dev --demo $(if $(ONCE),--once)

.PHONY: dev
dev: ready ## bring the stack up and keep it up until Ctrl-C
	@exec bin/docket dev

##@ Testing

.PHONY: quick
quick: arrows ## tests that need no server (at most a minute)
	@go test $(QUICK)

.PHONY: test
test: packages ## verify, then every test on the real parts
	@$(MAKE) -j2 temporal s3 verify-source quick
	@$(MAKE) verify-servers stack
	@bin/stack -- go test ./...

.PHONY: verify
verify: verify-source verify-servers ## arrows, vet and tidy in every module, workflowcheck

.PHONY: verify-source
verify-source: arrows format vet tidy workflowcheck

.PHONY: arrows
arrows:
	@go test ./ -run Arrows

.PHONY: format
format:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "run gofmt on: $$unformatted" >&2; exit 1; }

.PHONY: vet
vet:
	@go vet ./...
	@cd deploy/tools && go vet ./...

# After the builds, whose compiled packages it uses, never beside them.
.PHONY: verify-servers
verify-servers: temporal s3
	@for module in deploy/local deploy/s3; do (cd $$module && go vet -trimpath ./...); done

.PHONY: tidy
tidy:
	@for module in $(MODULES); do (cd $$module && go mod tidy -diff) || { echo "go.mod of $$module is not tidy: run go mod tidy there" >&2; exit 1; }; done

.PHONY: workflowcheck
workflowcheck: bin/workflowcheck
	@bin/workflowcheck ./workflows/...

bin/workflowcheck: deploy/tools/go.mod deploy/tools/go.sum
	@mkdir -p bin
	@cd deploy/tools && go build -o ../../bin/workflowcheck go.temporal.io/sdk/contrib/tools/workflowcheck

# Built, not `go run`: that would hide the exit code and outlive a signal.
.PHONY: stack
stack:
	@mkdir -p bin
	@go build -o bin/stack ./testkit/stack

.PHONY: scale
scale: packages temporal s3 stack ## what needs 100,000 recipients or a million items
	@bin/stack -- go test -tags scale -run Scale -count=1 -timeout 2h ./...

# go test fuzzes one function at a time.
FUZZED := core inbound notifications
.PHONY: fuzz
fuzz: ## every fuzzer for FUZZTIME (60s)
	@grep -rn --include='*_test.go' '^func Fuzz' $(FUZZED) | sed -E 's|^(.*)/[^/]*:[0-9]+:func (Fuzz[A-Za-z0-9]+).*|\1 \2|' | while read -r package name; do \
		echo "$$package $$name"; go test "./$$package" -run '^$$' -fuzz "^$$name\$$" -fuzztime $${FUZZTIME:-60s} || exit 1; done

.PHONY: bench
bench: packages temporal s3 stack ## floor, product and ratio, interleaved in one run
	@bin/stack -- go run ./testkit/bench

##@ Tidying up

.PHONY: clean
clean: ## delete what was built (the stack's data in .docket stays)
	@rm -rf bin
