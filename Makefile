# Everything that this repository does is a target here; `make` lists them.

# One way of compiling for everything but the race detector, so that building, vetting and linting share Go's build
# cache, and a clone in another folder finds it warm. The version is given by hand below.
export GOFLAGS := -trimpath -buildvcs=false $(GOFLAGS)
export CGO_ENABLED ?= 0

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS   := -s -w -X main.version=$(VERSION)

# At most four packages with four parallel tests each: more would run out of database connections on a large machine.
CORES     := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
PACKAGES  := $(shell [ $(CORES) -lt 4 ] && echo $(CORES) || echo 4)
TESTFLAGS := -p $(PACKAGES) -parallel 4 -timeout 20m

# The race detector without SQLite itself, which is C made into Go: its memory is not Go's, and following it is most of
# a test's time. The driver around it and everything of ours are watched.
RACE      := -race -vet=off -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc/...=-race=false

WITHPG    := go run ./persistence/dbtest/withpg
LINTER    := scripts/golangci-lint.sh

# What a run works on, for example: make test PKG=./outbox/... RUN=Claim
PKG       ?= ./...
RUN       ?= .
BENCH     ?= .
FUZZTIME  ?= 10s
RAPPORT_SOAK ?= 5m
PEOPLE    ?= 1000000
RATE      ?= 1000000
ARGS      ?=

.DEFAULT_GOAL := help

.PHONY: help
help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ run

.PHONY: sandbox
sandbox: ## try the whole service in a browser, with no account: http://127.0.0.1:8080 (ARGS="--addr ...")
	go run ./cmd/bot sandbox $(ARGS)

.PHONY: build
build: ## compile the service to bin/bot, one static file
	go build -ldflags '$(LDFLAGS)' -o bin/bot ./cmd/bot

##@ test

.PHONY: test
test: ## all tests on SQLite and PostgreSQL, installing what they need first (PKG=, RUN=)
	@scripts/need.sh postgres chromium
	$(WITHPG) -- go test $(TESTFLAGS) -run '$(RUN)' $(PKG)

.PHONY: test-race
test-race: ## the same under the race detector
	@scripts/need.sh postgres chromium cc
	$(WITHPG) -- env CGO_ENABLED=1 go test $(RACE) $(TESTFLAGS) -run '$(RUN)' $(PKG)

# What belongs to the fault tests by its name, and the packages that have any: nothing else is compiled for them.
FAULTS    := Fault|Kill|Crash
FAULTPKGS  = $(shell grep -rlE '^func Test[A-Za-z]*($(FAULTS))' --include='*_test.go' . | xargs -n1 dirname | sort -u)

.PHONY: test-faults
test-faults: ## the long fault tests at full size: kills, storms, restarts, full disks (RUN=)
	@scripts/need.sh postgres
	@report=$$(mktemp); code=0; \
	RAPPORT_FAULTS=full RAPPORT_FAULTS_REPORT=$$report $(WITHPG) -durable -- go test -v -count=1 -p 1 -parallel 4 -timeout 120m \
		-run '$(if $(filter .,$(RUN)),$(FAULTS),$(RUN))' $(if $(filter ./...,$(PKG)),$(FAULTPKGS),$(PKG)) || code=$$?; \
	echo; echo "By scene: what people did, what the service has written of it, and what the platforms saw."; \
	cat $$report; rm -f $$report; exit $$code

.PHONY: soak
soak: ## 200 messages a second and broadcasts for a while: memory, goroutines and files must stay flat (RAPPORT_SOAK=1h)
	@scripts/need.sh postgres
	RAPPORT_SOAK=$(RAPPORT_SOAK) $(WITHPG) -durable -- go test -v -count=1 -timeout 240m -run '^TestSoak$$' ./cmd/bot

.PHONY: fuzz
fuzz: ## every fuzz test for a short time each (FUZZTIME=, PKG=)
	scripts/fuzz.sh $(FUZZTIME) $(PKG)

.PHONY: bench
bench: ## the benchmarks behind docs/performance.md, with fsync on, and their table (BENCH=, PKG=)
	@scripts/need.sh postgres
	$(WITHPG) -durable -- go test -run '^$$' -bench '$(BENCH)' -benchmem -p 1 -timeout 180m $(PKG) 2>&1 | scripts/bench-table.sh

.PHONY: bench-million
bench-million: ## an offer to a million people through the whole service, ten minutes on SQLite (PEOPLE=, RATE= messages a second)
	@scripts/need.sh postgres
	RAPPORT_BENCH_PEOPLE=$(PEOPLE) RAPPORT_BENCH_RATE=$(RATE) $(WITHPG) -durable -- go test -run '^$$' -bench Broadcast -timeout 300m ./cmd/bot 2>&1 | scripts/bench-table.sh

.PHONY: bench-knowledge
bench-knowledge: ## search quality and cost beside SQLite FTS5 and bleve in one run (DATA=folder of knowledge bases and questions)
	@test -n "$(DATA)" || { echo "DATA= names no folder of *.kb.*.jsonl and *.queries.jsonl files; docs/knowledge.md has their form"; exit 2; }
	cd bench/knowledge && go run . -data $(abspath $(DATA)) && go run . -cost 1000

##@ keep in order

.PHONY: fmt
fmt: ## format all Go code (gofumpt, goimports)
	$(LINTER) fmt

.PHONY: generate
generate: ## make all generated files anew
	go generate ./...

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: lint
lint: ## golangci-lint, built on first use
	$(LINTER) run

.PHONY: check
check: ## all that CI does: format, vet, lint, generated files, builds without cgo, tests with the race detector
	@for step in check-format vet lint check-generated build check-platforms test-race; do \
		echo "== $$step"; \
		$(MAKE) --no-print-directory $$step || exit 1; \
	done

.PHONY: check-format
check-format:
	$(LINTER) fmt --diff

.PHONY: check-generated
check-generated:
	scripts/generate-fresh.sh

# Other machines that people host on; compiling finds what only builds here.
.PHONY: check-platforms
check-platforms:
	GOOS=linux GOARCH=arm64 go build -o /dev/null ./cmd/bot

.PHONY: clean
clean: ## remove what was built and what tests left behind
	rm -rf bin coverage.out /dev/shm/rapport-test-*
