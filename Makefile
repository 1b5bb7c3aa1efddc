VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
PKG ?= ./...
RUN ?= .
SEED ?= 0
SEEDS ?= new
CHATS ?= 20
MESSAGES ?= 1000
KILLS ?= 30
SCALE ?= 1
FIGURE ?=
FUZZ ?= .
FUZZTIME ?= 5s

# Two races inside the WhatsApp library that no caller can prevent are not watched
# for: its event writes a flag under a lock for readers (each of them writes true),
# and a socket forgets its handler while the connection ends. Both packages order
# what they do by locks and channels, which the detector sees all the same, so
# everything that calls them is watched as before.
# Three kinds of code only compute, on memory that is their caller's alone, and cost
# most of the time when they are watched: SQLite, which is C that was translated into
# Go and keeps its data where the detector does not look anyway (its driver is
# watched), the arithmetic of keys and ciphers, and the packing of bytes and pictures.
RACE = -race -gcflags=modernc.org/...=-d=checkptr=0 $(foreach package, \
	go.mau.fi/util/exsync go.mau.fi/whatsmeow/socket \
	modernc.org/sqlite/lib modernc.org/libc modernc.org/memory \
	crypto/internal/fips140/... filippo.io/edwards25519/... go.mau.fi/libsignal/ecc \
	compress/flate hash/adler32 image/...,-gcflags=$(package)=-race=false)

.DEFAULT_GOAL := build
.PHONY: help build check test crash fuzz bench lint services

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2} /^## /{printf "       %-10s %s\n", "", substr($$0, 4)}' Makefile

build: ## the programs, into bin/
	CGO_ENABLED=0 go build -trimpath -ldflags "-X main.release=$(VERSION)" -o bin/ ./cmd/...

check: ## while you work: all tests that need no server, no ffmpeg and no race detector
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { printf 'gofmt these files:\n%s\n' "$$unformatted"; exit 1; }
	env -u WOOTBRIDGE_TEST_POSTGRES -u WOOTBRIDGE_TEST_REDIS .ci/in-memory go test -ldflags=-w -short -parallel 8 $(PKG)
	@echo "Not tested here: Postgres, Redis, ffmpeg, built programs, races. make test does all of it."

test: ## everything, with -race, on its own Postgres and Redis
## make test PKG=./bridge/journal RUN=TestOrder: a part of it (make lint vets)
	.ci/test-services go test -vet=off -ldflags=-w -p 3 $(RACE) -parallel 4 -timeout 30m -run '$(RUN)' $(PKG)
	$(if $(filter ./... ./whatsapp,$(PKG)),go test -run TestAConnectionMayEndWhileARequestWaits ./whatsapp)
	$(if $(filter ./... ./whatsapp/whatsapptest,$(PKG)),go test -run 'TestPreKeysRunOut|TestLargeBacklogKeepsItsOrder' ./whatsapp/whatsapptest)

crash: ## kill the program at random moments for some minutes, then compare both sides
## make crash SEED=42: the same chances again
## make crash SEEDS=kept: those that are kept for ever, one after the other
	.ci/test-services go test -count=1 -v -timeout 60m -run '$(RUN)' ./bridge/crashtest -args \
		-crash.seed $(SEED) -crash.seeds $(SEEDS) -crash.chats $(CHATS) -crash.messages $(MESSAGES) -crash.kills $(KILLS)

fuzz: ## every fuzz target for some seconds
## make fuzz FUZZ=FuzzDecode FUZZTIME=10m: one of them, for long
	.ci/fuzz '$(FUZZ)' $(FUZZTIME)

bench: ## ratios to the bare parts, written to docs/benchmarks.md
## make bench SCALE=0.2 FIGURE=receive: fewer messages, one figure; the page stays
	TEST_FSYNC=on .ci/test-services go test -run '^$$' -bench 'Figures/$(FIGURE)' -benchtime 1x -timeout 60m ./bridge/benchtest -args \
		-scale $(SCALE) $(if $(FIGURE),,-output ../../docs/benchmarks.md)

lint: ## go vet, staticcheck, and the analyzers of tools/lint
	go vet $(PKG)
	go tool -modfile=tools/go.mod staticcheck $(PKG)
	go -C tools build -o ../bin/lint ./lint
	go vet -vettool=$(CURDIR)/bin/lint $(PKG)

services: ## a shell with Postgres and Redis running, for go test by hand
	.ci/test-services $${SHELL:-bash}
